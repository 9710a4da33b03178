# The package: what is installed where, and how CPack makes sekisho_VERSION_ARCH.deb of it. `deploy/package` runs it.
set(made ${PROJECT_BINARY_DIR}/package)
set(debian ${PROJECT_SOURCE_DIR}/deploy/debian)
set(share share/sekisho)
set(doc share/doc/sekisho)

# One unit text for the gateway of a machine that has one, and for those of a machine that has several.
function(unit UNIT CONFIG STATE OF)
  # @system-service and the like are systemd's, not ours.
  file(READ ${PROJECT_SOURCE_DIR}/deploy/systemd/sekisho.service.in text)
  foreach(word UNIT CONFIG STATE OF)
    string(REPLACE "@${word}@" "${${word}}" text "${text}")
  endforeach()
  file(CONFIGURE OUTPUT ${made}/${UNIT} CONTENT "${text}" @ONLY)
  install(FILES ${made}/${UNIT} DESTINATION /lib/systemd/system)
endfunction()
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS deploy/systemd/sekisho.service.in)
unit(sekisho.service  /etc/sekisho/sekisho.yaml sekisho    "")
unit(sekisho@.service /etc/sekisho/%i.yaml      sekisho/%i " (%i)")

# The manual and the completions are printed by the program itself.
function(printed file what)
  add_custom_command(OUTPUT ${made}/${file} COMMAND sekisho describe ${what} > ${made}/${file} DEPENDS sekisho VERBATIM)
endfunction()
function(zipped file source)
  add_custom_command(OUTPUT ${made}/${file}.gz COMMAND gzip -9nc ${source} > ${made}/${file}.gz DEPENDS ${source} VERBATIM)
endfunction()
printed(sekisho.1 man-page)
printed(sekisho.bash bash-completion)
printed(_sekisho zsh-completion)
zipped(sekisho.1 ${made}/sekisho.1)
zipped(changelog ${debian}/changelog)
add_custom_target(package_files
  DEPENDS ${made}/sekisho.1.gz ${made}/changelog.gz ${made}/sekisho.bash ${made}/_sekisho)

install(TARGETS sekisho DESTINATION bin)
install(FILES ${made}/sekisho.1.gz DESTINATION share/man/man1)
install(FILES ${made}/sekisho.bash DESTINATION share/bash-completion/completions RENAME sekisho)
install(FILES ${made}/_sekisho DESTINATION share/zsh/vendor-completions)
install(FILES ${made}/sbom.cdx.json config/policy.schema.json config/policy-test.schema.json DESTINATION ${share})
install(FILES ${made}/changelog.gz ${debian}/copyright DESTINATION ${doc})
install(DIRECTORY docs/ DESTINATION ${doc} FILES_MATCHING PATTERN "*.md")
install(DIRECTORY config/carriers config/policies DESTINATION ${doc}/examples)
install(DIRECTORY config/examples/contract/ DESTINATION ${doc}/examples/sample)
install(DIRECTORY deploy/etc/ DESTINATION ${doc}/examples/start)
install(DIRECTORY DESTINATION /etc/sekisho)
install(FILES deploy/debian/lintian-overrides DESTINATION share/lintian/overrides RENAME sekisho)

set(CMAKE_SKIP_INSTALL_ALL_DEPENDENCY ON)  # CPack installs what `package_files` built, not every test
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME sekisho)
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "checkpoint in front of a carrier's number-allocation API")
set(CPACK_PACKAGE_DESCRIPTION
"Sekisho stands between resellers and a carrier that gives out telephone
numbers. It knows which operator asks, whether that operator may be given
numbers today (ETOC certification, number-usage plan, refusal list, the
carrier's own policy) and how many it may still have, counts every number
exactly, and leaves evidence of every answer that nobody can alter unseen.
.
The package has the gateway and the commands that keep its registers, policy,
counts and journal. It needs a Redis server, here or elsewhere.")
set(SEKISHO_MAINTAINER "Sekisho maintainers <maintainers@sekisho.example>" CACHE STRING "Who answers for the package")
set(CPACK_PACKAGE_CONTACT ${SEKISHO_MAINTAINER})
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_SET_DESTDIR OFF)
set(CPACK_STRIP_FILES ON)
set(CPACK_PACKAGE_DIRECTORY ${made})
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
# CPACK_DEBIAN_PACKAGE_DEPENDS is found and given by deploy/package.
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "procps, systemd")
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "prometheus, redis-server (>= 5:6.2)")
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${debian}/postinst ${debian}/prerm ${debian}/postrm)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
include(CPack)
