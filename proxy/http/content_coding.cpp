#include "proxy/http/content_coding.hpp"

#include "proxy/http/field_list.hpp"

#include <charconv>

namespace nomadic::proxy {

std::string_view to_string(Coding coding)
{
    switch (coding) {
    case Coding::gzip:
        return "gzip";
    case Coding::zstd:
        return "zstd";
    case Coding::identity:
        break;
    }
    return "identity";
}

Coding negotiate_coding(const Fields& fields)
{
    auto best = Coding::identity;
    double best_quality = 0;
    const auto accepted = fields.joined("Accept-Encoding");
    for_each_element(accepted, [&](std::string_view element) {
        const auto name = trim(element.substr(0, element.find(';')));
        double quality = 1;
        if (const auto q = element.find("q="); q != std::string_view::npos)
            std::from_chars(element.data() + q + 2, element.data() + element.size(), quality);
        for (const auto coding : {Coding::gzip, Coding::zstd}) {
            const bool better = quality > best_quality || (quality == best_quality && best != Coding::zstd);
            if (beast::iequals(name, to_string(coding)) && quality > 0 && better) {
                best = coding;
                best_quality = quality;
            }
        }
    });
    return best;
}

} // namespace nomadic::proxy
