#include "batch/digest.hpp"

#include <openssl/evp.h>

#include <memory>
#include <stdexcept>

namespace nomadic::batch {

namespace {

// Fetched once: OpenSSL would look through its providers each time.
const EVP_MD* sha256()
{
    static const std::unique_ptr<EVP_MD, decltype(&EVP_MD_free)> fetched(EVP_MD_fetch(nullptr, "SHA256", nullptr),
                                                                         EVP_MD_free);
    return fetched.get();
}

class Sha256 {
public:
    Sha256() : context_(EVP_MD_CTX_new(), EVP_MD_CTX_free)
    {
        if (!context_ || EVP_DigestInit_ex(context_.get(), sha256(), nullptr) != 1)
            throw std::runtime_error("SHA-256 is not available in this OpenSSL");
    }
    void part(std::string_view bytes)
    {
        const std::uint64_t length = bytes.size();
        EVP_DigestUpdate(context_.get(), &length, sizeof length);
        EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size());
    }
    Digest finish()
    {
        Digest digest{};
        EVP_DigestFinal_ex(context_.get(), digest.data(), nullptr);
        return digest;
    }

private:
    std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context_;
};

} // namespace

Digest digest_of(std::initializer_list<std::string_view> parts)
{
    Sha256 hash;
    for (const auto part : parts)
        hash.part(part);
    return hash.finish();
}

Digest digest_of(const VideoRecord& record)
{
    Sha256 hash;
    for (const std::string_view part :
         {std::string_view(record.video_id), std::string_view(record.source), std::string_view(record.head),
          std::string_view(record.tail), std::string_view(record.events)})
        hash.part(part);
    for (const auto& span : record.spans)
        hash.part({reinterpret_cast<const char*>(&span.length), sizeof span.length});
    return hash.finish();
}

Digest snapshot_digest(std::string_view status, std::string_view metadata, std::string_view records)
{
    return digest_of({status, metadata, records});
}

std::string to_hex(const Digest& digest)
{
    std::string hex(2 * digest.size(), '\0');
    for (std::size_t i = 0; i < digest.size(); ++i) {
        hex[2 * i] = "0123456789abcdef"[digest[i] >> 4];
        hex[2 * i + 1] = "0123456789abcdef"[digest[i] & 0xF];
    }
    return hex;
}

std::optional<Digest> digest_from_hex(std::string_view hex)
{
    constexpr std::string_view digits = "0123456789abcdef";
    Digest digest{};
    if (hex.size() != 2 * digest.size())
        return std::nullopt;
    for (std::size_t i = 0; i < digest.size(); ++i) {
        const auto high = digits.find(hex[2 * i]);
        const auto low = digits.find(hex[2 * i + 1]);
        if (high == std::string_view::npos || low == std::string_view::npos)
            return std::nullopt;
        digest[i] = static_cast<unsigned char>(high << 4U | low);
    }
    return digest;
}

} // namespace nomadic::batch
