#include "proxy/http/cache_status.hpp"

#include <algorithm>

namespace nomadic::proxy {

namespace {

std::string_view name_of(Provenance::Forward forward)
{
    switch (forward) {
    case Provenance::Forward::miss:
        return "miss";
    case Provenance::Forward::stale:
        return "stale";
    case Provenance::Forward::request:
        return "request";
    case Provenance::Forward::partial:
        return "partial";
    case Provenance::Forward::none:
        break;
    }
    return "bypass";
}

} // namespace

std::string cache_status(const Provenance& provenance)
{
    std::string text = "nomadic-cached";
    if (provenance.forward == Provenance::Forward::none) {
        text += "; hit; ttl=" + std::to_string((provenance.freshness_lifetime - provenance.age).count());
    } else {
        text += "; fwd=" + std::string(name_of(provenance.forward));
        if (provenance.stored)
            text += "; stored";
        if (provenance.collapsed)
            text += "; collapsed";
    }
    if (!provenance.detail.empty())
        text += "; detail=" + provenance.detail;
    return text;
}

void describe_freshness(const Provenance& provenance, Fields& fields)
{
    fields.set("Cache-Status", cache_status(provenance));
    fields.set("Age", std::to_string(std::max<std::int64_t>(provenance.age.count(), 0)));
    // A browser or tool may keep it as long as we would, and no shared cache may keep it at all: it is one user's.
    const auto left = std::max<std::int64_t>((provenance.freshness_lifetime - provenance.age).count(), 0);
    fields.set("Cache-Control",
               "private, max-age=" + std::to_string(provenance.age.count() + left) +
                   (provenance.stale_while_revalidate.count() > 0
                        ? ", stale-while-revalidate=" + std::to_string(provenance.stale_while_revalidate.count())
                        : ""));
}

} // namespace nomadic::proxy
