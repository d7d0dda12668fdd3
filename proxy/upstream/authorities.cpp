#include "proxy/upstream/authorities.hpp"

#include "cache/inbox.hpp"

namespace nomadic::proxy {

Result<Authorities::Trusted> Authorities::read(const std::string& ca_file)
{
    auto trusted = std::make_shared<asio::ssl::context>(asio::ssl::context::tls_client);
    boost::system::error_code error;
    if (ca_file.empty())
        trusted->set_default_verify_paths(error);
    else
        trusted->load_verify_file(ca_file, error);
    if (error)
        return Failure{.code = Errc::invalid_configuration,
                       .detail = "upstream.ca_file: " + ca_file + " can't be used: " + error.message() +
                                 ". It must be a readable PEM file.",
                       .members = {}};
    return trusted;
}

Result<std::shared_ptr<Authorities>> Authorities::make(const std::string& ca_file, asio::thread_pool& workers)
{
    auto authorities = std::make_shared<Authorities>(workers);
    if (ca_file.empty())
        return authorities;
    auto trusted = read(ca_file);
    if (!trusted)
        return trusted.error();
    authorities->trusted_ = std::move(*trusted);
    return authorities;
}

awaitable<void> Authorities::vouch_in(asio::ssl::context& tls)
{
    if (!trusted_) {
        // Whoever comes meanwhile reads them too; the last one's stay.
        auto read_systems = [] { return read("").value(); };
        trusted_ = co_await cache::run_on(workers_, read_systems);
    }
    auto* store = ::SSL_CTX_get_cert_store(trusted_->native_handle());
    if (::SSL_CTX_get_cert_store(tls.native_handle()) != store)
        ::SSL_CTX_set1_cert_store(tls.native_handle(), store);
}

} // namespace nomadic::proxy
