# Finds oneDNN as the imported target DNNL::dnnl, by header and library. Its own package file is not asked: Debian's wants OpenCL's
# development files to be there, which nothing here needs and libdnnl-dev does not bring.
find_path(SUNET_ONEDNN_INCLUDE oneapi/dnnl/dnnl.hpp)
find_library(SUNET_ONEDNN_LIBRARY dnnl)
if(NOT SUNET_ONEDNN_INCLUDE OR NOT SUNET_ONEDNN_LIBRARY)
  message(FATAL_ERROR
    "oneDNN (2.6 or newer) was not found: install libdnnl-dev (Debian, Ubuntu) or onednn-devel (Fedora), "
    "or pass -DCMAKE_PREFIX_PATH=<folder where oneDNN is installed>.")
endif()
add_library(DNNL::dnnl UNKNOWN IMPORTED)
set_target_properties(DNNL::dnnl PROPERTIES
  IMPORTED_LOCATION "${SUNET_ONEDNN_LIBRARY}"
  INTERFACE_INCLUDE_DIRECTORIES "${SUNET_ONEDNN_INCLUDE}")
