# Run by cpack between installing and packing: what Debian asks of a package's
# files. Programs have no debugging information, texts are compressed without
# a time. Each package has a changelog, the notes of the newest version, and a
# bill of materials.
cmake_minimum_required(VERSION 3.25)

function(run)
  execute_process(COMMAND ${ARGN} COMMAND_ERROR_IS_FATAL ANY)
endfunction()

set(maintainer "${CPACK_DEBIAN_PACKAGE_MAINTAINER}")
# Reproducible: the date is that of the source, else the beginning of time.
set(date "Thu, 01 Jan 1970 00:00:00 +0000")
if("$ENV{SOURCE_DATE_EPOCH}" MATCHES "^[0-9]+$")
  string(TIMESTAMP date "%a, %d %b %Y %H:%M:%S +0000" UTC)
endif()
execute_process(COMMAND ${CPACK_CAFE_RELEASE_NOTES} --debian
  OUTPUT_VARIABLE notes COMMAND_ERROR_IS_FATAL ANY)
foreach(component ${CPACK_COMPONENTS_ALL})
  set(root ${CPACK_TEMPORARY_INSTALL_DIRECTORY}/${component})
  set(package cafe-${component})
  file(GLOB programs ${root}/usr/bin/* ${root}/usr/sbin/*)
  foreach(program ${programs})
    run(strip --strip-unneeded --remove-section=.comment
      --remove-section=.note ${program})
  endforeach()
  set(doc ${root}/usr/share/doc/${package})
  file(WRITE ${doc}/changelog
    "${package} (${CPACK_PACKAGE_VERSION}) unstable; urgency=medium\n\n${notes}\n -- ${maintainer}  ${date}\n")
  # What it is linked with, and what of Debian it has copied.
  set(list ${root}/list)
  list(TRANSFORM programs PREPEND "linked " OUTPUT_VARIABLE lines)
  if(IS_DIRECTORY ${root}/usr/share/cafe/${component}/static)
    list(APPEND lines "copied ${CPACK_CAFE_BOOTSTRAP}")
  endif()
  list(JOIN lines "\n" lines)
  file(WRITE ${list} "${lines}\n")
  run(${CPACK_CAFE_SBOM} ${package} ${CPACK_PACKAGE_VERSION}
    INPUT_FILE ${list} OUTPUT_FILE ${doc}/sbom.spdx.json)
  file(REMOVE ${list})
  file(GLOB texts ${doc}/changelog ${root}/usr/share/man/man*/*)
  foreach(text ${texts})
    run(gzip -9 -n -f ${text})
    file(CHMOD ${text}.gz PERMISSIONS
      OWNER_READ OWNER_WRITE GROUP_READ WORLD_READ)
  endforeach()
endforeach()
