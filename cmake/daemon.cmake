# cafe_daemon(NAME): the daemon in folder NAME with its views, static files
# and content. A daemon finds them at ../share/cafe/NAME beside its folder, in
# the build tree as in an installation. Its views are those of all daemons
# (folder views) and its own; of the same name, its own counts.
find_program(BROTLI_PROGRAM brotli REQUIRED)
find_program(GZIP_PROGRAM gzip REQUIRED)
# Other packages bring Bootstrap 4, under one of the same names.
function(cafe_is_bootstrap_5 result path)
  file(READ ${path} head LIMIT 100)
  if(NOT head MATCHES "Bootstrap +v5\\.")
    set(${result} FALSE PARENT_SCOPE)
  endif()
endfunction()
find_file(BOOTSTRAP_CSS bootstrap.min.css NO_DEFAULT_PATH PATHS
  /usr/share/javascript/bootstrap5/css
  /usr/share/nodejs/bootstrap/dist/css
  /usr/share/bootstrap-html/css
  VALIDATOR cafe_is_bootstrap_5
  DOC "Bootstrap 5's style sheet, bootstrap.min.css")
if(NOT EXISTS "${BOOTSTRAP_CSS}")
  message(FATAL_ERROR "Bootstrap's style sheet is not here: '${BOOTSTRAP_CSS}'. "
    "Install Debian's libjs-bootstrap5, or name the file of Bootstrap 5: "
    "-DBOOTSTRAP_CSS=/path/to/bootstrap.min.css")
endif()

# Make a folder of links to the files of others, so that editing a file needs
# no build. Images are built without those files, which are copied into them.
function(cafe_link_folder folder)
  get_filename_component(leaf ${folder} NAME)
  file(REMOVE_RECURSE ${folder})
  foreach(source ${ARGN})
    file(GLOB files CONFIGURE_DEPENDS ${source}/*)
    foreach(file ${files})
      get_filename_component(entry ${file} NAME)
      file(MAKE_DIRECTORY ${folder})
      file(CREATE_LINK ${file} ${folder}/${entry} SYMBOLIC)
    endforeach()
    if(files)
      install(FILES ${files}
        DESTINATION ${CMAKE_INSTALL_DATADIR}/cafe/${name}/${leaf})
    endif()
  endforeach()
endfunction()

function(cafe_daemon name)
  set(share ${CMAKE_BINARY_DIR}/share/cafe/${name})
  file(MAKE_DIRECTORY ${share}/static)
  file(GLOB statics CONFIGURE_DEPENDS
    ${PROJECT_SOURCE_DIR}/libcafe/service/static/*
    ${CMAKE_CURRENT_SOURCE_DIR}/static/*)
  set(outputs)
  set(wanted)
  foreach(source ${BOOTSTRAP_CSS} ${statics})
    get_filename_component(file ${source} NAME)
    if(source STREQUAL BOOTSTRAP_CSS)
      set(file bootstrap.min.css) # the pages link to this name
    endif()
    set(out ${share}/static/${file})
    add_custom_command(OUTPUT ${out} ${out}.br ${out}.gz
      COMMAND ${CMAKE_COMMAND} -E copy ${source} ${out}
      COMMAND ${BROTLI_PROGRAM} -f -q 11 -o ${out}.br ${source}
      COMMAND ${GZIP_PROGRAM} -9 -n -c ${source} > ${out}.gz
      DEPENDS ${source} VERBATIM)
    list(APPEND outputs ${out})
    list(APPEND wanted ${out} ${out}.br ${out}.gz)
  endforeach()
  # What was made of a file that is gone would be served and installed.
  file(GLOB there ${share}/static/*)
  list(REMOVE_ITEM there ${wanted})
  if(there)
    file(REMOVE ${there})
  endif()
  add_custom_target(${name}_static DEPENDS ${outputs})
  cafe_link_folder(${share}/views
    ${PROJECT_SOURCE_DIR}/views ${CMAKE_CURRENT_SOURCE_DIR}/views)
  cafe_link_folder(${share}/content ${CMAKE_CURRENT_SOURCE_DIR}/content)

  add_executable(${name} ${ARGN})
  add_dependencies(${name} ${name}_static)
  target_link_libraries(${name} PRIVATE
    cafe_flags cafe_api cafe_service cafe_suppliers cafe_html cafe_http cafe_db
    cafe_base)
  if(CAFE_TORTURE)
    target_sources(${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests/fault/torture.c)
    foreach(call malloc calloc realloc recv writev)
      target_link_options(${name} PRIVATE -Wl,--wrap=${call})
    endforeach()
  endif()
  install(TARGETS ${name})
  install(DIRECTORY ${share}/static
    DESTINATION ${CMAKE_INSTALL_DATADIR}/cafe/${name})
endfunction()
