# The user interface inside the binary.
#
#   DIALPLANE_UI = ON      build web/ with npm (default)
#                  OFF     embed the one-page notice of tools/pack_ui_notice/: for work on C++ alone, sanitizers, fuzzing
#                  <dir>   embed a built dist folder, as release archives carry one (needs node to pack, no npm, no network)
#
# dialplane_embed_ui(target) makes ui.pack and ui_pack_id.hpp in the build folder and shows them to ui_embedded.cpp.
#
# npm ci runs when the content of package-lock.json changed, the build when a source of web/ did; neither runs otherwise. Two
# build folders share web/node_modules and nothing else.
set(DIALPLANE_UI ON CACHE STRING "Embedded user interface: ON (build it with npm), OFF (a notice), or a built dist folder")

find_program(DIALPLANE_NODE NAMES node nodejs)
find_program(DIALPLANE_NPM npm)
if(NOT DIALPLANE_NODE OR (DIALPLANE_UI STREQUAL "ON" AND NOT DIALPLANE_NPM))
    message(FATAL_ERROR "The user interface is built with Node.js 18.20 or later and npm, which are missing. "
                        "Install them with: apt-get install -y nodejs npm")
endif()

set(DIALPLANE_UI_DIR "${CMAKE_BINARY_DIR}/ui")

# ${out} = the dist folder, ${out}_DEPENDS = what the pack depends on.
function(dialplane_build_web out)
    set(web "${CMAKE_SOURCE_DIR}/web")
    set(installed "${web}/node_modules/.dialplane-installed")
    set(installer "${CMAKE_SOURCE_DIR}/tools/install_web.mjs")
    add_custom_command(
        OUTPUT "${installed}"
        COMMAND ${DIALPLANE_NODE} "${installer}" "${DIALPLANE_NPM}" "${web}" "${installed}"
        DEPENDS "${installer}" "${web}/package-lock.json" "${web}/package.json" "${web}/.npmrc"
        COMMENT "Installing the packages of web/ (npm ci)"
        USES_TERMINAL VERBATIM)

    file(GLOB_RECURSE sources CONFIGURE_DEPENDS "${web}/src/*" "${web}/public/*")
    list(APPEND sources "${web}/index.html" "${web}/vite.config.ts" "${web}/licences.ts" "${web}/budget.ts" "${web}/tsconfig.json" "${web}/package.json")
    set(dist "${DIALPLANE_UI_DIR}/dist")
    add_custom_command(
        OUTPUT "${dist}/index.html"
        COMMAND ${DIALPLANE_NPM} run --silent build -- --outDir "${dist}" --emptyOutDir --logLevel warn
        COMMAND ${CMAKE_COMMAND} -E touch "${dist}/index.html"
        DEPENDS "${installed}" ${sources}
        WORKING_DIRECTORY "${web}"
        COMMENT "Building the user interface"
        USES_TERMINAL VERBATIM)
    set(${out} "${dist}" PARENT_SCOPE)
    set(${out}_DEPENDS "${dist}/index.html" PARENT_SCOPE)
endfunction()

function(dialplane_embed_ui target)
    if(DIALPLANE_UI STREQUAL "ON")
        dialplane_build_web(dist)
    else()
        set(dist "${DIALPLANE_UI}")
        if(DIALPLANE_UI STREQUAL "OFF")
            set(dist "${CMAKE_SOURCE_DIR}/tools/pack_ui_notice")
        endif()
        if(NOT EXISTS "${dist}/index.html")
            message(FATAL_ERROR "DIALPLANE_UI is ${DIALPLANE_UI}, which is neither ON, OFF nor a folder with index.html.")
        endif()
        file(GLOB_RECURSE dist_DEPENDS CONFIGURE_DEPENDS "${dist}/*")
    endif()

    set(packer "${CMAKE_SOURCE_DIR}/tools/pack_ui.mjs")
    set(packed "${DIALPLANE_UI_DIR}/ui.pack" "${DIALPLANE_UI_DIR}/api/ui/ui_pack_id.hpp")
    add_custom_command(
        OUTPUT ${packed}
        COMMAND ${DIALPLANE_NODE} "${packer}" "${dist}" "${DIALPLANE_UI_DIR}"
        DEPENDS "${packer}" ${dist_DEPENDS}
        COMMENT "Packing the user interface"
        VERBATIM)
    set_source_files_properties("${CMAKE_SOURCE_DIR}/src/api/ui/ui_embedded.cpp" PROPERTIES
        OBJECT_DEPENDS "${packed}"
        COMPILE_OPTIONS "--embed-dir=${DIALPLANE_UI_DIR};-I${DIALPLANE_UI_DIR}")
endfunction()
