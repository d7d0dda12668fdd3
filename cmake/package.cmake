# What is installed beside the program, and the Debian package: `cpack -G DEB` in a build folder.

find_package(Python3 REQUIRED COMPONENTS Interpreter)
find_program(GZIP gzip REQUIRED)

set(generated ${CMAKE_CURRENT_BINARY_DIR}/generated)
set(manual ${Python3_EXECUTABLE} ${PROJECT_SOURCE_DIR}/cmake/manual.py)
file(MAKE_DIRECTORY ${generated})
add_custom_command(
  OUTPUT ${generated}/nomadic-cached.1.gz ${generated}/nomadic-cached.toml.5.gz ${generated}/config.toml
         ${generated}/nomadic-cached.bash ${generated}/_nomadic-cached ${generated}/nomadic-cached.fish
         ${generated}/changelog.gz
  COMMAND ${manual} ${PROJECT_SOURCE_DIR}/docs/man/nomadic-cached.1.md ${PROJECT_VERSION} > nomadic-cached.1
  COMMAND nomadic-cached config --manual > nomadic-cached.toml.5.md
  COMMAND ${manual} nomadic-cached.toml.5.md ${PROJECT_VERSION} > nomadic-cached.toml.5
  COMMAND ${GZIP} -9nf nomadic-cached.1 nomadic-cached.toml.5
  COMMAND ${GZIP} -9nc ${PROJECT_SOURCE_DIR}/packaging/debian/changelog > changelog.gz
  COMMAND nomadic-cached config --reference > config.toml
  COMMAND nomadic-cached completion bash > nomadic-cached.bash
  COMMAND nomadic-cached completion zsh > _nomadic-cached
  COMMAND nomadic-cached completion fish > nomadic-cached.fish
  DEPENDS nomadic-cached cmake/manual.py docs/man/nomadic-cached.1.md packaging/debian/changelog
  WORKING_DIRECTORY ${generated}
  VERBATIM)
add_custom_target(generated ALL DEPENDS ${generated}/config.toml)

# `cmake --install --component program` takes no root; the service needs /etc, whatever the prefix.
install(TARGETS nomadic-cached RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT program)
install(FILES README.md docs/openapi.json docs/grafana.json docs/alerts.yml packaging/debian/copyright ${generated}/changelog.gz
        DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/nomadic-cached COMPONENT program)
install(FILES ${generated}/nomadic-cached.1.gz DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 COMPONENT program)
install(FILES ${generated}/nomadic-cached.toml.5.gz DESTINATION ${CMAKE_INSTALL_MANDIR}/man5 COMPONENT program)
install(FILES ${generated}/nomadic-cached.bash RENAME nomadic-cached
        DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions COMPONENT program)
install(FILES ${generated}/_nomadic-cached DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions COMPONENT program)
install(FILES ${generated}/nomadic-cached.fish
        DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d COMPONENT program)
install(DIRECTORY systemd/system systemd/user DESTINATION lib/systemd COMPONENT service)
install(DIRECTORY systemd/sysusers.d systemd/tmpfiles.d DESTINATION lib COMPONENT service)
install(FILES packaging/debian/overrides RENAME nomadic-cached
        DESTINATION ${CMAKE_INSTALL_DATADIR}/lintian/overrides COMPONENT program)
install(FILES ${generated}/config.toml DESTINATION /etc/nomadic-cached COMPONENT service)

set(CPACK_GENERATOR DEB)
set(CPACK_SET_DESTDIR ON)
set(CPACK_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_PACKAGE_NAME nomadic-cached)
set(CPACK_PACKAGE_CONTACT "nomadic-cached contributors <nomadic-cached@localhost.localdomain>")
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS "ca-certificates, init-system-helpers (>= 1.52)")
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS systemd)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "cache for batch video analyses, on this machine")
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION
    "Fetches completed batches of the NomadicML/NomadicAI API once and serves them
 from this machine, filtered, as JSON, NDJSON, CSV or GeoJSON, also without a
 network. It is a drop-in base_url for the official Python clients.")
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA
    ${PROJECT_SOURCE_DIR}/packaging/debian/conffiles ${PROJECT_SOURCE_DIR}/packaging/debian/postinst
    ${PROJECT_SOURCE_DIR}/packaging/debian/prerm ${PROJECT_SOURCE_DIR}/packaging/debian/postrm)
include(CPack)
