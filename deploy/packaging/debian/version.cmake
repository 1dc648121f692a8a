# Run by cpack: the packages' version is the one that the programs print.
file(STRINGS ${CPACK_CAFE_VERSION_FILE} line REGEX VERSION_TEXT)
if(NOT line MATCHES "\"(.+)\"")
  message(FATAL_ERROR "${CPACK_CAFE_VERSION_FILE} names no version. "
    "Build first: cmake --build --preset release")
endif()
set(CPACK_PACKAGE_VERSION ${CMAKE_MATCH_1})
set(CPACK_DEBIAN_PACKAGE_VERSION ${CMAKE_MATCH_1})
