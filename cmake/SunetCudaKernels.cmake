# Compiles CUDA C++ to PTX ahead of time, with nvcc where there is one, else with clang (16 or newer), which needs no CUDA toolkit for
# it. PTX of version 7.0 for sm_80 is what every driver from CUDA 12 on compiles for every device from Ampere on.

find_program(SUNET_NVCC nvcc HINTS ENV CUDA_PATH ENV CUDA_HOME PATHS /usr/local/cuda /opt/cuda PATH_SUFFIXES bin)
if(SUNET_NVCC)
  set(SUNET_PTX_COMPILER "${SUNET_NVCC}" -ptx -arch=compute_80 -std=c++17 -O3)
else()
  find_program(SUNET_CLANG NAMES clang++-19 clang++-22 clang++-21 clang++-20 clang++-18 clang++-17 clang++-16 clang++)
  if(SUNET_CLANG)
    # Asking the compiler is the only way to know that it has the NVPTX target and is new enough.
    set(SUNET_PTX_COMPILER "${SUNET_CLANG}" -x cuda --cuda-device-only --cuda-gpu-arch=sm_80 --cuda-feature=+ptx70 -nocudainc -nocudalib
      -std=c++17 -O3 -Wall -Wextra -Werror -S)
    file(WRITE "${CMAKE_CURRENT_BINARY_DIR}/probe.cu" "extern \"C\" __attribute__((global)) void probe() {}\n")
    execute_process(COMMAND ${SUNET_PTX_COMPILER} -o probe.ptx probe.cu WORKING_DIRECTORY "${CMAKE_CURRENT_BINARY_DIR}"
      RESULT_VARIABLE SUNET_PROBE_RESULT OUTPUT_QUIET ERROR_QUIET)
  endif()
  if(NOT SUNET_CLANG OR NOT SUNET_PROBE_RESULT EQUAL 0)
    message(FATAL_ERROR
      "No compiler for the CUDA kernels was found: install clang-19 (Debian, Ubuntu; any clang from 16 on with the NVPTX target will do) "
      "or the CUDA toolkit, or pass -DSUNET_CLANG=<clang++> or -DSUNET_NVCC=<nvcc>.")
  endif()
endif()

# sunet_ptx(TARGET OUTPUT SOURCE INCLUDE...): OUTPUT, made from SOURCE and whatever that includes.
function(sunet_ptx target output source)
  list(TRANSFORM ARGN PREPEND "-I")
  add_custom_command(
    OUTPUT "${output}"
    COMMAND ${SUNET_PTX_COMPILER} ${ARGN} -MD -MF "${CMAKE_CURRENT_BINARY_DIR}/${target}.d" -o "${output}" "${source}"
    DEPENDS "${source}"
    DEPFILE "${CMAKE_CURRENT_BINARY_DIR}/${target}.d"
    COMMENT "Compiling ${target} to PTX"
    VERBATIM)
  add_custom_target(${target} ALL DEPENDS "${output}")
endfunction()
