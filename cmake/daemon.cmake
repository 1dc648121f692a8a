# cafe_daemon(NAME): the daemon in folder NAME with its views, static files
# and content. A daemon finds them at ../share/cafe/NAME beside its folder, in
# the build tree as in an installation.
find_program(BROTLI_PROGRAM brotli REQUIRED)
find_program(GZIP_PROGRAM gzip REQUIRED)
find_file(BOOTSTRAP_CSS bootstrap.min.css REQUIRED NO_DEFAULT_PATH PATHS
  /usr/share/nodejs/bootstrap/dist/css
  /usr/share/javascript/bootstrap5/css
  /usr/share/bootstrap-html/css)

function(cafe_daemon name)
  set(share ${CMAKE_BINARY_DIR}/share/cafe/${name})
  file(MAKE_DIRECTORY ${share}/static)
  file(GLOB statics CONFIGURE_DEPENDS
    ${PROJECT_SOURCE_DIR}/libcafe/service/static/*
    ${CMAKE_CURRENT_SOURCE_DIR}/static/*)
  set(outputs)
  foreach(source ${BOOTSTRAP_CSS} ${statics})
    get_filename_component(file ${source} NAME)
    set(out ${share}/static/${file})
    add_custom_command(OUTPUT ${out} ${out}.br ${out}.gz
      COMMAND ${CMAKE_COMMAND} -E copy ${source} ${out}
      COMMAND ${BROTLI_PROGRAM} -f -q 11 -o ${out}.br ${source}
      COMMAND ${GZIP_PROGRAM} -9 -n -c ${source} > ${out}.gz
      DEPENDS ${source} VERBATIM)
    list(APPEND outputs ${out})
  endforeach()
  add_custom_target(${name}_static DEPENDS ${outputs})
  foreach(folder views content)
    if(IS_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR}/${folder})
      file(CREATE_LINK ${CMAKE_CURRENT_SOURCE_DIR}/${folder}
        ${share}/${folder} SYMBOLIC)
      install(DIRECTORY ${folder} DESTINATION
        ${CMAKE_INSTALL_DATADIR}/cafe/${name})
    endif()
  endforeach()

  add_executable(${name} ${ARGN})
  add_dependencies(${name} ${name}_static)
  target_link_libraries(${name} PRIVATE
    cafe_flags cafe_service cafe_suppliers cafe_html cafe_http cafe_db
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
