# A room is one folder and one static library of the same name (docs/architecture.md).

function(strict target)
  target_compile_options(${target} PRIVATE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor
                                           -Woverloaded-virtual -Werror
                                           -Wno-missing-field-initializers) # designated initialisers name what differs
  # gcc 12 reports these inside inlined library code (gcc 105329, 105562, 109224); it has no false negative we would miss.
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_compile_options(${target} PRIVATE -Wno-restrict -Wno-maybe-uninitialized -Wno-mismatched-new-delete)
  endif()
  if(CMAKE_UNITY_BUILD) # one file's names are no shadows of another's, nor do its own types leave it
    target_compile_options(${target} PRIVATE -Wno-shadow -Wno-subobject-linkage)
  endif()
endfunction()

# add_room(NAME [PRECOMPILE HEADER] LINK ...): globs NAME/**/*.cpp.
function(add_room name)
  cmake_parse_arguments(ROOM "" "PRECOMPILE" "LINK" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${name}/*.cpp)
  add_library(${name} STATIC ${sources})
  target_include_directories(${name} PUBLIC ${PROJECT_SOURCE_DIR})
  target_link_libraries(${name} ${ROOM_LINK})
  if(ROOM_PRECOMPILE)
    target_precompile_headers(${name} PRIVATE ${PROJECT_SOURCE_DIR}/${ROOM_PRECOMPILE})
  endif()
  strict(${name})
endfunction()
