# The sandbox carrier's voice: one WAV per phrase, spoken at build time by espeak-ng. Where that is missing every phrase is an empty file and
# the sandbox plays a tone instead.
find_program(DIALPLANE_ESPEAK espeak-ng)

function(dialplane_sandbox_voice target)
    set(folder "${CMAKE_BINARY_DIR}/voice")
    file(MAKE_DIRECTORY "${folder}")
    set(phrases
        "greeting|Welcome to the Dialplane sandbox carrier. Your call is connected. From now on you hear yourself."
        "agent|This is the sandbox phone of the agent. The call is connected."
        "early|The number you have dialed is being looked up. Please hold the line."
        "readback|Press some digits, then the hash key."
        "goodbye|Goodbye."
        "callback|Please hang up. I will call you back."
        "0|zero" "1|one" "2|two" "3|three" "4|four" "5|five" "6|six" "7|seven" "8|eight" "9|nine" "star|star" "hash|hash")
    set(files)
    foreach(phrase ${phrases})
        string(REGEX MATCH "^([^|]+)\\|(.*)$" _ "${phrase}")
        set(name "${CMAKE_MATCH_1}")
        set(text "${CMAKE_MATCH_2}")
        set(file "${folder}/${name}.wav")
        if(DIALPLANE_ESPEAK)
            add_custom_command(OUTPUT "${file}" COMMAND ${DIALPLANE_ESPEAK} -v en-us -s 150 -w "${file}" "${text}"
                               DEPENDS "${CMAKE_SOURCE_DIR}/cmake/SandboxVoice.cmake" COMMENT "Speaking ${name}.wav" VERBATIM)
        else()
            add_custom_command(OUTPUT "${file}" COMMAND ${CMAKE_COMMAND} -E touch "${file}" VERBATIM)
        endif()
        list(APPEND files "${file}")
    endforeach()
    # --embed-dir shows the files to #embed; the list of files makes the object depend on them.
    set_source_files_properties("${CMAKE_SOURCE_DIR}/src/sandbox/voice_data.cpp" PROPERTIES
        OBJECT_DEPENDS "${files}" COMPILE_OPTIONS "--embed-dir=${folder}")
endfunction()
