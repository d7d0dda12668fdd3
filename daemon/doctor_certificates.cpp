#include "daemon/doctor_certificates.hpp"

#include <boost/asio/ssl/context.hpp>

#include <sys/stat.h>

namespace nomadic::daemon {

namespace {

namespace asio = boost::asio;

constexpr int soon = 7; // days

std::string time_of(const ASN1_TIME* time)
{
    const std::unique_ptr<BIO, decltype(&BIO_free)> text(::BIO_new(::BIO_s_mem()), BIO_free);
    ::ASN1_TIME_print(text.get(), time);
    char* data = nullptr;
    const long size = ::BIO_get_mem_data(text.get(), &data);
    return {data, static_cast<std::size_t>(size)};
}

// Until a time that is to come, or since one that has gone, which makes it negative.
int days_until(const ASN1_TIME* time)
{
    int days = 0, seconds = 0;
    ::ASN1_TIME_diff(&days, &seconds, nullptr, time);
    return seconds < 0 && days == 0 ? -1 : days;
}

Finding judge_dates(const std::string& subject, const X509* shown, const std::string& good, const std::string& remedy)
{
    const auto* begin = ::X509_get0_notBefore(shown);
    const auto* end = ::X509_get0_notAfter(shown);
    const auto clock = " If this machine's clock is wrong, set it (timedatectl set-ntp true).";
    if (days_until(begin) > 0)
        return problem(subject, "the certificate is good only from " + time_of(begin) + " on", remedy + clock);
    const auto days = days_until(end);
    if (days < 0)
        return problem(subject, "the certificate ended on " + time_of(end), remedy + clock);
    if (days < soon)
        return problem(subject, "the certificate ends in " + std::to_string(days) + " days", remedy);
    return fine(subject, good + "; the certificate is good for " + std::to_string(days) + " days");
}

} // namespace

Finding examine_certificate(const std::string& subject, const std::string& certificate, const std::string& key)
{
    asio::ssl::context tls(asio::ssl::context::tls);
    boost::system::error_code error;
    bool asked = false;
    tls.set_password_callback(
        [&asked](std::size_t, asio::ssl::context::password_purpose) {
            asked = true;
            return std::string{};
        },
        error);
    tls.use_certificate_chain_file(certificate, error);
    if (error)
        return problem(subject, certificate + " can't be used: " + error.message(),
                       "It must be a readable PEM file: the certificate first, then what leads to its authority.",
                       exit_usage);
    tls.use_private_key_file(key, asio::ssl::context::pem, error);
    if (asked)
        return problem(subject, key + " is locked with a passphrase, which nobody can be asked for",
                       "openssl pkey -in " + key + " -out UNLOCKED.key, readable by the daemon's user alone.",
                       exit_usage);
    if (error)
        return problem(subject, key + " can't be used: " + error.message(),
                       "It must be a readable PEM file with the private key of " + certificate + ".", exit_usage);
    struct stat status {};
    if (::stat(key.c_str(), &status) == 0 && (status.st_mode & S_IRWXO) != 0)
        return problem(subject, key + " can be read by other users", "chmod 600 " + key);
    return judge_dates(subject, ::SSL_CTX_get0_certificate(tls.native_handle()), certificate + " and its key fit",
                       "Have it renewed, and restart the daemon.");
}

Finding judge_certificate(SSL* connection, const std::string& host)
{
    const auto subject = "tls";
    const X509* shown = ::SSL_get0_peer_certificate(connection);
    if (shown == nullptr)
        return problem(subject, "the upstream showed no certificate", "Check upstream.base_url.", exit_upstream);
    const long verdict = ::SSL_get_verify_result(connection);
    const bool dates = verdict == X509_V_ERR_CERT_HAS_EXPIRED || verdict == X509_V_ERR_CERT_NOT_YET_VALID;
    if (verdict != X509_V_OK && !dates)
        return problem(
            subject, "the certificate is not trusted: " + std::string(::X509_verify_cert_error_string(verdict)),
            "If the upstream or a proxy uses an authority of its own, name it in upstream.ca_file.", exit_upstream);
    auto* subject_names = const_cast<X509*>(shown); // these two only read
    if (::X509_check_host(subject_names, host.c_str(), 0, 0, nullptr) != 1 &&
        ::X509_check_ip_asc(subject_names, host.c_str(), 0) != 1)
        return problem(subject, "the certificate is not for " + host, "Check upstream.base_url.", exit_upstream);
    auto judged =
        judge_dates(subject, shown, "chain and host name are right", "Whoever runs the upstream must renew it.");
    judged.exit_status = exit_upstream;
    return judged;
}

} // namespace nomadic::daemon
