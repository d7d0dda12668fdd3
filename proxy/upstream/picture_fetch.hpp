#pragma once

// Fetches a picture that a URL in an analysis points to: somebody else's URL, so only http(s), only public addresses
// (checked on the address that is connected to, also after a redirect), only image types that run nothing, a bounded
// size and time, and never with a credential. Loop thread.

#include "base/error.hpp"
#include "config/settings.hpp"
#include "proxy/net/transport.hpp"
#include "proxy/upstream/authorities.hpp"

namespace nomadic::proxy {

struct FetchedPicture {
    std::string media_type, bytes;
};

class PictureFetch {
public:
    PictureFetch(config::Thumbnails settings, std::shared_ptr<Authorities> authorities);

    // Errc::forbidden when it may not be fetched, upstream_failed and the like when it can't be.
    awaitable<Result<FetchedPicture>> get(std::string url);

private:
    struct Place;
    struct Step;
    static Result<Place> parse(const std::string& url);
    awaitable<Result<Step>> step(Place place);
    awaitable<Result<std::shared_ptr<Transport>>> connect(Place place);
    bool allowed(const Place& place, const asio::ip::address& address) const;

    config::Thumbnails settings_;
    asio::ssl::context tls_;
    std::shared_ptr<Authorities> authorities_;
};

} // namespace nomadic::proxy
