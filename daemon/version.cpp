#include "daemon/command.hpp"

#include <boost/version.hpp>
#include <openssl/crypto.h>

#include <iostream>

namespace nomadic::daemon {

Run setup_version(CLI::App&)
{
    return []() -> int {
        std::cout << "nomadic-cached " << NOMADIC_CACHED_VERSION << "\nBoost " << BOOST_VERSION / 100000 << "."
                  << BOOST_VERSION / 100 % 1000 << ", " << OpenSSL_version(OPENSSL_VERSION) << "\n";
        return exit_done;
    };
}

} // namespace nomadic::daemon
