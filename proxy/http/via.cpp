#include "proxy/http/via.hpp"

#include "proxy/http/field_list.hpp"

#include <random>

namespace nomadic::proxy {

namespace {

std::string make_pseudonym()
{
    std::random_device random;
    std::string name = "nomadic-cached-";
    for (int digits = 16; digits > 0; --digits)
        name += "0123456789abcdef"[random() & 0xFU];
    return name;
}

} // namespace

const std::string& pseudonym()
{
    static const auto name = make_pseudonym();
    return name;
}

void add_via(Fields& fields, unsigned minor_version)
{
    auto via = fields.joined("Via");
    via += (via.empty() ? "1." : ", 1.") + std::to_string(minor_version) + " " + pseudonym();
    fields.set("Via", std::move(via));
}

bool has_been_here(const Fields& fields)
{
    bool found = false;
    for_each_element(fields.joined("Via"), [&](std::string_view element) {
        const auto received_by = trim(element.substr(std::min(element.find(' '), element.size())));
        found = found || received_by.substr(0, received_by.find(' ')) == pseudonym();
    });
    return found;
}

} // namespace nomadic::proxy
