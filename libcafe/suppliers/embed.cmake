# Write migrations/*.sql into a C source: cmake -DFOLDER=… -DOUT=… -P this.
# As bytes, not as a string: the standard promises only 4095 characters.
file(GLOB files ${FOLDER}/*.sql)
list(SORT files)
set(texts "")
set(rows "")
set(expected 0)
foreach(file ${files})
  get_filename_component(name ${file} NAME_WE)
  math(EXPR expected "${expected} + 1")
  string(REGEX MATCH "^0*([1-9][0-9]*)-" prefix ${name})
  set(number ${CMAKE_MATCH_1})
  if(NOT prefix OR NOT number EQUAL expected)
    message(FATAL_ERROR "${file}: expected migration ${expected}")
  endif()
  file(READ ${file} hex HEX)
  string(REGEX REPLACE "(..)" "0x\\1, " bytes "${hex}")
  string(APPEND texts
    "static const char sql_${number}[] = { ${bytes}0x00 };\n")
  string(APPEND rows "    { ${number}, \"${name}\", sql_${number} },\n")
endforeach()
file(WRITE ${OUT}
  "/* Made from migrations/ (SQL) by embed.cmake. */\n"
  "#include \"cafe/suppliers/migrations.h\"\n"
  "#include \"cafe/suppliers/supplier.h\"\n\n"
  "#define CHECK(field, column, since, ...) \\\n"
  "    _Static_assert(since <= ${expected}, \\\n"
  "                   \"no migration adds the column \" column);\n"
  "SUPPLIER_TABLE(CHECK, )\n\n${texts}\n"
  "const struct db_migration supplier_migrations[] = {\n${rows}"
  "    { 0, NULL, NULL },\n};\n")
