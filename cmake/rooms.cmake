# A room is one folder and one static library of the same name (docs/architecture.md).

function(strict target)
  target_compile_options(${target} PRIVATE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor
                                           -Woverloaded-virtual -Werror)
  # gcc 12 reports these inside inlined library code (gcc 105329, 105562); it has no false negative we would miss.
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_compile_options(${target} PRIVATE -Wno-restrict -Wno-maybe-uninitialized)
  endif()
endfunction()

# add_room(NAME [PRECOMPILE] LINK ...): globs NAME/**/*.cpp. PRECOMPILE shares one parse of Asio and Beast.
function(add_room name)
  cmake_parse_arguments(ROOM "PRECOMPILE" "" "LINK" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${name}/*.cpp)
  add_library(${name} STATIC ${sources})
  target_include_directories(${name} PUBLIC ${PROJECT_SOURCE_DIR})
  target_link_libraries(${name} ${ROOM_LINK})
  target_compile_definitions(${name} PUBLIC BOOST_ASIO_NO_DEPRECATED BOOST_ASIO_SEPARATE_COMPILATION
                                            BOOST_BEAST_SEPARATE_COMPILATION)
  if(ROOM_PRECOMPILE)
    target_precompile_headers(${name} PRIVATE ${PROJECT_SOURCE_DIR}/proxy/net/asio.hpp)
  endif()
  strict(${name})
endfunction()

# toml++ comes with a CMake package on some distributions and only with a pkg-config file on others.
find_package(tomlplusplus QUIET)
if(TARGET tomlplusplus::tomlplusplus)
  set(TOMLPLUSPLUS_TARGET tomlplusplus::tomlplusplus)
else()
  find_package(PkgConfig REQUIRED)
  pkg_check_modules(TOMLPLUSPLUS REQUIRED IMPORTED_TARGET tomlplusplus)
  set(TOMLPLUSPLUS_TARGET PkgConfig::TOMLPLUSPLUS)
endif()
