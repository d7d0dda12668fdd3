#include "proxy/routes/thumbnails.hpp"

#include "proxy/routes/identified.hpp"

namespace nomadic::proxy {

void ThumbnailsRoute::add_to(Router& router)
{
    const auto handler = [this](Request&, Identity identity, PathParameters parameters) {
        return get(std::move(identity), std::move(parameters));
    };
    router.add("GET", "/v1/batches/{batch_id}/thumbnails/{id}", identified(credentials_, handler), ReadsQuery::no);
}

awaitable<Result<Response>> ThumbnailsRoute::get(Identity identity, PathParameters parameters)
{
    const auto id = batch::digest_from_hex(parameters[1]);
    std::optional<cache::Picture> picture;
    if (id) {
        const auto key = co_await batches_.locate(std::move(identity), parameters[0]);
        auto found = co_await thumbnails_.picture(key, *id);
        if (!found)
            co_return found.error();
        picture = std::move(*found);
    }
    if (!picture)
        co_return Failure{.code = Errc::not_found,
                          .detail = "This picture is not stored. POST /v1/prefetch with \"with_thumbnails\": true "
                                    "fetches those of a batch while their URLs work.",
                          .members = {}};
    Response response;
    response.fields.add("Content-Type", picture->media_type);
    response.fields.add("Cache-Control", "private, max-age=86400");
    // Somebody else's bytes under our name: a picture and nothing else.
    response.fields.add("Content-Security-Policy", "default-src 'none'; sandbox");
    response.body = std::move(picture->bytes);
    co_return response;
}

} // namespace nomadic::proxy
