# The libraries that the daemons stand on, all from Debian's packages.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
pkg_check_modules(EVENT REQUIRED IMPORTED_TARGET libevent_core)
pkg_check_modules(MARIADB REQUIRED IMPORTED_TARGET libmariadb)
pkg_check_modules(CMARK REQUIRED IMPORTED_TARGET libcmark)
pkg_check_modules(YAML REQUIRED IMPORTED_TARGET yaml-0.1)
pkg_check_modules(ZLIB REQUIRED IMPORTED_TARGET zlib)
pkg_check_modules(BROTLI REQUIRED IMPORTED_TARGET libbrotlienc)
pkg_check_modules(UTF8PROC REQUIRED IMPORTED_TARGET libutf8proc)
pkg_check_modules(CMOCKA IMPORTED_TARGET cmocka)

# libevent before this Debian revision has eight known vulnerabilities. The
# package says which it is; elsewhere the upstream version has to be newer.
set(CAFE_LIBEVENT_MINIMUM 2.1.12-stable-8+deb12u1)
find_program(DPKG_QUERY dpkg-query)
find_program(DPKG dpkg)
set(libevent_version ${EVENT_VERSION})
if(DPKG_QUERY AND DPKG)
  execute_process(COMMAND ${DPKG_QUERY} -W -f=\${Version} libevent-dev
    OUTPUT_VARIABLE packaged ERROR_QUIET RESULT_VARIABLE status)
  if(status EQUAL 0 AND packaged)
    set(libevent_version ${packaged})
  endif()
  execute_process(COMMAND ${DPKG} --compare-versions
    ${libevent_version} ge ${CAFE_LIBEVENT_MINIMUM} RESULT_VARIABLE too_old)
elseif(EVENT_VERSION VERSION_GREATER 2.1.12)
  set(too_old 0)
else()
  set(too_old 1)
endif()
if(NOT too_old EQUAL 0)
  message(FATAL_ERROR "libevent ${libevent_version} has known "
    "vulnerabilities; install libevent-dev ${CAFE_LIBEVENT_MINIMUM} or newer.")
endif()
