# The API's OpenAPI document inside the binary: the fragments of src/api/openapi joined and checked at build time. A fragment that is wrong
# fails the build and says why.
find_package(Python3 COMPONENTS Interpreter REQUIRED)

function(dialplane_embed_openapi target)
    set(source "${CMAKE_SOURCE_DIR}/src/api/openapi")
    set(out "${CMAKE_BINARY_DIR}/openapi")
    set(joiner "${CMAKE_SOURCE_DIR}/tools/join_openapi.py")
    file(GLOB fragments CONFIGURE_DEPENDS "${source}/*.yaml" "${source}/docs/*")
    set(joined "${out}/openapi.json" "${out}/docs.html" "${out}/docs.js" "${out}/docs.css" "${out}/api/openapi/openapi_id.hpp")
    add_custom_command(
        OUTPUT ${joined}
        COMMAND ${Python3_EXECUTABLE} "${joiner}" "${source}" "${out}"
        DEPENDS "${joiner}" ${fragments}
        COMMENT "Joining the OpenAPI document"
        VERBATIM)
    set_source_files_properties("${source}/openapi_document.cpp" PROPERTIES
        OBJECT_DEPENDS "${joined}"
        COMPILE_OPTIONS "--embed-dir=${out};-I${out}")
endfunction()
