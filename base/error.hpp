#pragma once

// What can go wrong, as values. A room returns Result<T>; an exception means a bug or a broken start, and is caught at
// the session and in main. Absent is an empty optional, wrong is a Failure, impossible is an assert. Any thread.

#include <boost/json/object.hpp>
#include <boost/system/result.hpp>

#include <chrono>
#include <optional>
#include <string>

namespace nomadic {

// A closed list. The HTTP status of each is decided in one place, proxy/http/problem.cpp; a command's exit status in
// daemon/exit_status.cpp.
enum class Errc {
    bad_request,           // malformed, an unknown parameter, a bad `as_of`
    unauthorized,          // no usable credential, or upstream says 401
    forbidden,             // upstream or a local policy refuses
    not_found,             // no such batch, route or snapshot
    method_not_allowed,    // the route exists, the method does not
    not_completed,         // the batch is still running, failed or was cancelled
    payload_too_large,     // a body beyond limits.max_body_bytes
    unprocessable,         // understood, but a value is not one of those allowed
    header_too_large,      // a head beyond limits.max_header_bytes
    uri_too_long,          // a request target beyond limits.max_header_bytes
    misdirected,           // a Host that is not ours
    range_not_satisfiable, // a byte range outside the representation
    not_implemented,       // a part of the API this configuration does not forward
    upstream_failed,       // upstream failed after all retries, or sent what it had not promised
    upstream_timeout,      // upstream did not answer in time
    loop_detected,         // the request came back to where it was: the upstream leads to ourselves
    upstream_unreachable,  // name, connection or TLS failed: nobody to ask
    overloaded,            // a local limit, or an upstream 429 that outlasts our patience
    offline_miss,          // offline or only-if-cached, and not stored
    store_failed,          // the database refused: full, read-only, corrupt, I/O
    no_room,               // what the disk can't take is too large to be held in memory in its place
    store_newer,           // the database was written by a newer program; untouched
    invalid_configuration, // a setting that cannot be used, with its file, line and key
    cancelled,             // nobody waits for the outcome any more
    internal,              // a bug: an exception that reached the session
};

struct Failure {
    Errc code = Errc::internal;
    std::string detail;                                // a sentence that a person can act on
    boost::json::object members;                       // what the case adds to the problem document (RFC 9457, 3.2)
    std::optional<std::chrono::seconds> retry_after{}; // for 409 and 503
    std::string advice{}; // what to do about it, apart from `detail` for those who know better or say it elsewhere
};

// What a person is told: the detail, and the advice if there is any.
std::string told(const Failure& failure);

// What the asker has to change.
inline Failure bad_request(std::string detail)
{
    return {.code = Errc::bad_request, .detail = std::move(detail), .members = {}};
}

template <class T>
using Result = boost::system::result<T, Failure>;

// Failures are values, never thrown: using value() on one is a bug.
[[noreturn]] void throw_exception_from_error(const Failure& failure, const boost::source_location& location);

} // namespace nomadic
