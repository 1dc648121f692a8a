# Writes version_text.h, at each build: a commit changes no file that CMake
# watches. Run as
#   cmake -DSOURCE=… -DRELEASED=0.1.0 -DBUILD=… -DOUT=… -P version.cmake
#
# The version is that of the environment (CAFE_VERSION, for builds without git
# and for packagers), else of git, else of an archive that git made, else that
# of the last release.

cmake_minimum_required(VERSION 3.25)

# "0.2.0" where the commit has the tag v0.2.0, else RELEASED+gCOMMIT.
function(version_of_git result)
  set(${result} "" PARENT_SCOPE)
  if(NOT EXISTS ${SOURCE}/.git)
    return()
  endif()
  execute_process(
    COMMAND git -C ${SOURCE} describe --tags --exact-match --match v[0-9]* --dirty
    OUTPUT_VARIABLE tag OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
  execute_process(
    COMMAND git -C ${SOURCE} describe --always --exclude * --dirty
    OUTPUT_VARIABLE commit OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
  if(tag MATCHES "^v([0-9][0-9.]*)$")
    set(${result} ${CMAKE_MATCH_1} PARENT_SCOPE)
  elseif(commit)
    string(REPLACE "-dirty" ".dirty" commit ${commit})
    set(${result} ${RELEASED}+g${commit} PARENT_SCOPE)
  endif()
endfunction()

# git archive writes the commit into cmake/commit.txt, see .gitattributes.
function(version_of_archive result)
  file(STRINGS ${SOURCE}/cmake/commit.txt commit LIMIT_COUNT 1)
  if(commit MATCHES "^[0-9a-f]+$")
    set(${result} ${RELEASED}+g${commit} PARENT_SCOPE)
  else()
    set(${result} "" PARENT_SCOPE)
  endif()
endfunction()

set(version "$ENV{CAFE_VERSION}")
if(NOT version)
  version_of_git(version)
endif()
if(NOT version)
  version_of_archive(version)
endif()
if(NOT version)
  set(version ${RELEASED})
endif()
if(NOT version MATCHES "^[0-9A-Za-z.+~-]+$")
  message(FATAL_ERROR "CAFE_VERSION is '${version}'. Use letters, digits and "
    ".+~- only.")
endif()
string(REPLACE "|" "\\n" build "${BUILD}")
configure_file(${SOURCE}/libcafe/base/version_text.h.in ${OUT} @ONLY)
