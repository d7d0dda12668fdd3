#include "proxy/service/keyed_hash.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <stdexcept>

namespace nomadic::proxy {

batch::Digest keyed_hash(std::string_view install_secret, const Secret& key)
{
    batch::Digest hash{};
    const auto text = key.reveal();
    unsigned length = 0;
    const auto* done = HMAC(EVP_sha256(), install_secret.data(), static_cast<int>(install_secret.size()),
                            reinterpret_cast<const unsigned char*>(text.data()), text.size(), hash.data(), &length);
    if (done == nullptr || length != hash.size())
        throw std::runtime_error("HMAC-SHA-256 is not available in this OpenSSL");
    return hash;
}

} // namespace nomadic::proxy
