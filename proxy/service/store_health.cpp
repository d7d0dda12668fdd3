#include "proxy/service/store_health.hpp"

#include "base/log.hpp"

namespace nomadic::proxy {

void StoreHealth::failed(const Failure& failure)
{
    ++failures_;
    if (complaint_ != failure.detail)
        log::error("the store failed; what it can't take is answered from upstream only", {{"error", failure.detail}});
    complaint_ = failure.detail;
}

void StoreHealth::worked()
{
    if (complaint_)
        log::info("the store works again");
    complaint_.reset();
}

} // namespace nomadic::proxy
