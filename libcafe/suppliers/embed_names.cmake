# Write country-names.txt into a C source: cmake -DFILE=… -DOUT=… -P this.
# As bytes, not as a string: the standard promises only 4095 characters.
file(READ ${FILE} hex HEX)
string(REGEX REPLACE "(..)" "(char)0x\\1, " bytes "${hex}")
file(WRITE ${OUT}
  "/* Made from country-names.txt by embed_names.cmake. */\n"
  "#include <stddef.h>\n\n"
  "extern const char country_names[];\n"
  "extern const size_t country_names_bytes;\n"
  "const char country_names[] = { ${bytes} };\n"
  "const size_t country_names_bytes = sizeof(country_names);\n")
