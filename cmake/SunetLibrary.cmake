# What every native library of this project has in common: a C ABI, nothing else exported, no libstdc++ asked of the machine it
# runs on.

# A single-configuration generator without a build type would compile without optimisation.
if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "Debug, Release or RelWithDebInfo" FORCE)
endif()

get_filename_component(SUNET_ROOT "${CMAKE_CURRENT_LIST_DIR}/.." ABSOLUTE)
set(SUNET_NATIVE_OUTPUT "${SUNET_ROOT}/artifacts/native" CACHE PATH "Folder that receives the libraries")

function(sunet_library name)
  add_library(${name} SHARED ${ARGN})
  target_compile_features(${name} PRIVATE cxx_std_17)
  set_target_properties(${name} PROPERTIES
    CXX_EXTENSIONS OFF
    CXX_VISIBILITY_PRESET hidden
    VISIBILITY_INLINES_HIDDEN ON
    LIBRARY_OUTPUT_DIRECTORY "${SUNET_NATIVE_OUTPUT}"
    LINK_DEPENDS "${SUNET_ROOT}/cmake/exports.map")
  target_compile_options(${name} PRIVATE
    -Wall -Wextra -Werror
    $<$<CONFIG:Release>:-O3> -fno-math-errno)
  target_link_options(${name} PRIVATE
    -static-libstdc++ -static-libgcc
    -Wl,--exclude-libs,ALL "-Wl,--version-script=${SUNET_ROOT}/cmake/exports.map" -Wl,-z,defs -Wl,--no-undefined
    $<$<CONFIG:Release>:-Wl,--strip-all>)
endfunction()
