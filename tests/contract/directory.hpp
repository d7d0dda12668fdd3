#pragma once

// A directory of a test's own, removed with all that is in it.

#include <filesystem>
#include <string>
#include <unistd.h>

namespace nomadic::test {

class Directory {
public:
    Directory()
    {
        std::string pattern = (std::filesystem::temp_directory_path() / "nomadic-store-XXXXXX").string();
        path = ::mkdtemp(pattern.data());
    }
    Directory(const Directory&) = delete;
    Directory& operator=(const Directory&) = delete;
    ~Directory() { std::filesystem::remove_all(path); }
    std::string operator/(const std::string& name) const { return path + "/" + name; }
    std::string path;
};

} // namespace nomadic::test
