# Debian packages: cafe-common, cafe-customer, cafe-employee and cafe-deploy.
#   cmake --build --preset release && (cd build/release && cpack)
# Programs are named cafe-… there, so that they have no name of other packages.
# The rules are for CPack alone: cmake --install leaves them out.
# Nobody can be written to about packages that somebody has built for himself.
# Who hands them on puts in his name and address.
set(CAFE_PACKAGE_MAINTAINER "Local build <nobody@cafe.invalid>"
  CACHE STRING "Who answers for the packages: Name <address>")
set(package_text ${CMAKE_CURRENT_BINARY_DIR}/debian)

function(cafe_package_files component destination)
  install(FILES ${ARGN} DESTINATION ${destination}
    COMPONENT ${component} EXCLUDE_FROM_ALL)
endfunction()

# The installed name of each program, its manual page, completion and licence.
function(cafe_package_program component program name folder section)
  install(PROGRAMS $<TARGET_FILE:${program}> DESTINATION ${folder}
    RENAME ${name} COMPONENT ${component} EXCLUDE_FROM_ALL)
  cafe_write(debian/completion/${name} ${program}
    ${CMAKE_CURRENT_SOURCE_DIR}/completion.sh ${name}
    $<TARGET_FILE:${program}>)
  set(manual ${CMAKE_CURRENT_BINARY_DIR}/${program}.${section})
  if(NOT program STREQUAL name)
    cafe_write(debian/${name}.${section} ${program}
      ${CMAKE_CURRENT_SOURCE_DIR}/man/rename.sh ${program} ${name} ${manual})
    add_custom_command(OUTPUT ${package_text}/${name}.${section}
      DEPENDS ${manual} APPEND)
    set(manual ${package_text}/${name}.${section})
  endif()
  cafe_package_files(${component} usr/share/man/man${section} ${manual})
  cafe_package_files(${component} usr/share/bash-completion/completions
    ${package_text}/completion/${name})
  set(generated ${generated} PARENT_SCOPE)
endfunction()

# One daemon: with templates, static files, configuration and units.
function(cafe_package_daemon name)
  cafe_package_program(${name} ${name} cafe-${name} usr/sbin 8)
  set(share usr/share/cafe/${name})
  foreach(source ${PROJECT_SOURCE_DIR}/views ${PROJECT_SOURCE_DIR}/${name}/views)
    install(DIRECTORY ${source} DESTINATION ${share}
      COMPONENT ${name} EXCLUDE_FROM_ALL)
  endforeach()
  install(DIRECTORY ${CMAKE_BINARY_DIR}/share/cafe/${name}/static
    ${PROJECT_SOURCE_DIR}/${name}/content DESTINATION ${share}
    COMPONENT ${name} EXCLUDE_FROM_ALL)
  cafe_package_files(${name} etc/cafe ${CMAKE_CURRENT_BINARY_DIR}/${name}.yaml)
  foreach(kind service socket)
    file(READ ${CMAKE_CURRENT_BINARY_DIR}/systemd/cafe-${name}.${kind} unit)
    string(REGEX REPLACE "ExecStart=[^ ]+" "ExecStart=/usr/sbin/cafe-${name}"
      unit "${unit}")
    string(REPLACE "man:${name}(8)" "man:cafe-${name}(8)" unit "${unit}")
    file(CONFIGURE OUTPUT ${package_text}/cafe-${name}.${kind}
      CONTENT "${unit}" @ONLY)
    cafe_package_files(${name} usr/lib/systemd/system
      ${package_text}/cafe-${name}.${kind})
  endforeach()
  file(CONFIGURE OUTPUT ${package_text}/${name}/conffiles
    CONTENT "/etc/cafe/${name}.yaml\n" @ONLY)
  configure_file(debian/lintian-overrides.in
    ${package_text}/overrides/cafe-${name} @ONLY)
  cafe_package_files(${name} usr/share/lintian/overrides
    ${package_text}/overrides/cafe-${name})
  foreach(script postinst prerm postrm)
    configure_file(debian/${script}.in ${package_text}/${name}/${script} @ONLY
      FILE_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE
      GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
  endforeach()
  set(generated ${generated} PARENT_SCOPE)
endfunction()

foreach(name ${CAFE_DAEMONS})
  cafe_package_daemon(${name})
endforeach()
cafe_package_program(deploy cafe-deploy cafe-deploy usr/bin 1)
cafe_package_files(common usr/share/man/man5
  ${CMAKE_CURRENT_SOURCE_DIR}/man/cafe.yaml.5)
cafe_package_files(common usr/share/cafe/pages
  ${PROJECT_SOURCE_DIR}/deploy/pages/customer.html
  ${PROJECT_SOURCE_DIR}/deploy/pages/employee.html)
cafe_package_files(common usr/share/doc/cafe-common
  ${PROJECT_SOURCE_DIR}/docs/operators.md ${PROJECT_SOURCE_DIR}/CHANGELOG.md
  ${PROJECT_SOURCE_DIR}/deploy/local/accounts.sql
  ${PROJECT_SOURCE_DIR}/deploy/local/grants.sql
  ${CMAKE_CURRENT_SOURCE_DIR}/nginx.conf)
file(GLOB guides ${PROJECT_SOURCE_DIR}/docs/operators/*.md)
cafe_package_files(common usr/share/doc/cafe-common/operators ${guides})
# The licence as Debian writes it: indented, a dot in each empty line.
file(READ ${PROJECT_SOURCE_DIR}/LICENSE license)
string(REGEX REPLACE "^.*(Permission is hereby)" "\\1" license "${license}")
string(STRIP "${license}" license)
string(REPLACE "\n\n" "\n.\n" license "${license}")
string(REPLACE "\n" "\n " license " ${license}")
configure_file(debian/copyright.in ${package_text}/copyright @ONLY)
foreach(component common ${CAFE_DAEMONS} deploy)
  install(FILES ${package_text}/copyright
    DESTINATION usr/share/doc/cafe-${component}
    COMPONENT ${component} EXCLUDE_FROM_ALL)
endforeach()

set(CPACK_GENERATOR DEB)
set(CPACK_OUTPUT_FILE_PREFIX ${CMAKE_BINARY_DIR}/packages)
set(CPACK_PACKAGING_INSTALL_PREFIX /)
set(CPACK_COMPONENTS_ALL common ${CAFE_DAEMONS} deploy)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_ENABLE_COMPONENT_DEPENDS OFF)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_MAINTAINER "${CAFE_PACKAGE_MAINTAINER}")
set(CPACK_DEBIAN_PACKAGE_SECTION web)
set(CPACK_DEBIAN_COMMON_PACKAGE_ARCHITECTURE all)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE
  OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
foreach(component COMMON CUSTOMER EMPLOYEE DEPLOY)
  string(TOLOWER ${component} name)
  set(CPACK_DEBIAN_${component}_PACKAGE_NAME cafe-${name})
  if(NOT component STREQUAL COMMON)
    set(CPACK_DEBIAN_${component}_PACKAGE_SHLIBDEPS ON)
  endif()
endforeach()
foreach(component CUSTOMER EMPLOYEE)
  string(TOLOWER ${component} name)
  set(CPACK_DEBIAN_${component}_PACKAGE_DEPENDS cafe-common)
  set(control ${package_text}/${name})
  set(CPACK_DEBIAN_${component}_PACKAGE_CONTROL_EXTRA
    "${control}/conffiles;${control}/postinst;${control}/prerm;${control}/postrm")
endforeach()
set(CPACK_DEBIAN_DEPLOY_PACKAGE_RECOMMENDS "docker.io, haproxy, git")
set(CPACK_COMPONENT_COMMON_DESCRIPTION
  "Directory of coffee suppliers: common files
The pages that a load balancer shows when no daemon answers, the guide for
operators, and cafe.yaml(5), the manual page of the configuration.")
set(CPACK_COMPONENT_CUSTOMER_DESCRIPTION
  "Directory of coffee suppliers: read-only daemon
Shows the suppliers of a cafe franchise to its managers, always as fresh as
the database. It needs a MariaDB or MySQL server.")
set(CPACK_COMPONENT_EMPLOYEE_DESCRIPTION
  "Directory of coffee suppliers: daemon for editors
Employees maintain the suppliers of a cafe franchise with it. It needs a
MariaDB or MySQL server. Run it behind a load balancer or in a private
network.")
set(CPACK_COMPONENT_DEPLOY_DESCRIPTION
  "Directory of coffee suppliers: rehearsal of deployments
Plays blue/green deployments of the directory to AWS on one machine, from the
same files.")
set(CPACK_PROJECT_CONFIG_FILE ${CMAKE_CURRENT_SOURCE_DIR}/debian/version.cmake)
set(CPACK_PRE_BUILD_SCRIPTS ${CMAKE_CURRENT_SOURCE_DIR}/debian/finish.cmake)
# For version.cmake: the version is that of the build, not of the configuration.
set(CPACK_CAFE_SBOM ${CMAKE_CURRENT_SOURCE_DIR}/sbom.sh)
set(CPACK_CAFE_BOOTSTRAP ${BOOTSTRAP_CSS})
set(CPACK_CAFE_RELEASE_NOTES ${CMAKE_CURRENT_SOURCE_DIR}/release-notes.sh)
set(CPACK_CAFE_VERSION_FILE ${CMAKE_BINARY_DIR}/libcafe/base/version_text.h)
include(CPack)
