# The target cafe_flags: warnings, hardening and sanitizers for all our code.
include(CheckCCompilerFlag)
include(CheckLinkerFlag)

add_library(cafe_flags INTERFACE)
target_compile_definitions(cafe_flags INTERFACE _GNU_SOURCE)
target_include_directories(cafe_flags INTERFACE
  ${PROJECT_SOURCE_DIR}/libcafe/include)
target_compile_options(cafe_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes
  -Wmissing-prototypes -Wpointer-arith -Wwrite-strings -Wcast-qual
  -Wnull-dereference -Wimplicit-fallthrough -Wvla -Wundef -Wformat=2
  -Wdeclaration-after-statement -fno-common)
if(CAFE_WERROR)
  target_compile_options(cafe_flags INTERFACE -Werror)
endif()

# Add a flag where this compiler knows it (clang 14 lacks some).
function(cafe_probe_compile flag)
  string(MAKE_C_IDENTIFIER "CAFE_HAS${flag}" name)
  check_c_compiler_flag("${flag} -Werror" ${name})
  if(${name})
    target_compile_options(cafe_flags INTERFACE ${flag})
  endif()
endfunction()

function(cafe_probe_link flag)
  string(MAKE_C_IDENTIFIER "CAFE_LINKS${flag}" name)
  check_linker_flag(C "${flag}" ${name})
  if(${name})
    target_link_options(cafe_flags INTERFACE ${flag})
  endif()
endfunction()

if(CAFE_HARDEN)
  target_compile_options(cafe_flags INTERFACE
    -O2 -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3)
  foreach(flag -fstack-protector-strong -fstack-clash-protection
      -fcf-protection=full -ftrivial-auto-var-init=zero)
    cafe_probe_compile(${flag})
  endforeach()
  foreach(flag -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack -Wl,--as-needed)
    cafe_probe_link(${flag})
  endforeach()
  # The same bytes whatever the folder. Run gdb in the project's folder.
  target_compile_options(cafe_flags INTERFACE
    -ffile-prefix-map=${PROJECT_SOURCE_DIR}=. -fPIE)
  target_link_options(cafe_flags INTERFACE -pie)
endif()

if(CAFE_SANITIZE)
  set(sanitize -fsanitize=${CAFE_SANITIZE} -fno-omit-frame-pointer)
  if(NOT CAFE_SANITIZE MATCHES thread)
    list(APPEND sanitize -fno-sanitize-recover=all)
  endif()
  target_compile_options(cafe_flags INTERFACE ${sanitize})
  target_link_options(cafe_flags INTERFACE ${sanitize})
endif()

if(CAFE_FUZZ)
  target_compile_options(cafe_flags INTERFACE -fsanitize=fuzzer-no-link)
  target_link_options(cafe_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()

if(CAFE_COVERAGE)
  target_compile_options(cafe_flags INTERFACE
    -fprofile-instr-generate -fcoverage-mapping)
  target_link_options(cafe_flags INTERFACE -fprofile-instr-generate)
endif()
