/// @file The spoken phrases, embedded as the WAV files that the build made (cmake/SandboxVoice.cmake). An empty file
/// means that no speech synthesiser was there.

#include "sandbox/voice.hpp"

#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wc23-extensions"  // #embed is C23; clang-19 and g++ 15 take it in C++ too

namespace dp::sandbox {
namespace {

// The leading octet keeps the arrays legal when a file is empty.
constexpr unsigned char kGreeting[] = {
#embed "greeting.wav" prefix(0, ) if_empty(0)
};
constexpr unsigned char kAgent[] = {
#embed "agent.wav" prefix(0, ) if_empty(0)
};
constexpr unsigned char kEarly[] = {
#embed "early.wav" prefix(0, ) if_empty(0)
};
constexpr unsigned char kReadback[] = {
#embed "readback.wav" prefix(0, ) if_empty(0)
};
constexpr unsigned char kGoodbye[] = {
#embed "goodbye.wav" prefix(0, ) if_empty(0)
};
constexpr unsigned char kCallback[] = {
#embed "callback.wav" prefix(0, ) if_empty(0)
};
constexpr unsigned char k0[] = {
#embed "0.wav" prefix(0, ) if_empty(0)
};
constexpr unsigned char k1[] = {
#embed "1.wav" prefix(0, ) if_empty(0)
};
constexpr unsigned char k2[] = {
#embed "2.wav" prefix(0, ) if_empty(0)
};
constexpr unsigned char k3[] = {
#embed "3.wav" prefix(0, ) if_empty(0)
};
constexpr unsigned char k4[] = {
#embed "4.wav" prefix(0, ) if_empty(0)
};
constexpr unsigned char k5[] = {
#embed "5.wav" prefix(0, ) if_empty(0)
};
constexpr unsigned char k6[] = {
#embed "6.wav" prefix(0, ) if_empty(0)
};
constexpr unsigned char k7[] = {
#embed "7.wav" prefix(0, ) if_empty(0)
};
constexpr unsigned char k8[] = {
#embed "8.wav" prefix(0, ) if_empty(0)
};
constexpr unsigned char k9[] = {
#embed "9.wav" prefix(0, ) if_empty(0)
};
constexpr unsigned char kStar[] = {
#embed "star.wav" prefix(0, ) if_empty(0)
};
constexpr unsigned char kHash[] = {
#embed "hash.wav" prefix(0, ) if_empty(0)
};

}  // namespace

std::span<const unsigned char> phrase_file(Phrase phrase) {
    switch (phrase) {
        case Phrase::Greeting:
            return std::span(kGreeting).subspan(1);
        case Phrase::Agent:
            return std::span(kAgent).subspan(1);
        case Phrase::Early:
            return std::span(kEarly).subspan(1);
        case Phrase::Readback:
            return std::span(kReadback).subspan(1);
        case Phrase::Goodbye:
            return std::span(kGoodbye).subspan(1);
        case Phrase::Callback:
            return std::span(kCallback).subspan(1);
    }
    return {};
}

std::span<const unsigned char> digit_file(char digit) {
    switch (digit) {
        case '0':
            return std::span(k0).subspan(1);
        case '1':
            return std::span(k1).subspan(1);
        case '2':
            return std::span(k2).subspan(1);
        case '3':
            return std::span(k3).subspan(1);
        case '4':
            return std::span(k4).subspan(1);
        case '5':
            return std::span(k5).subspan(1);
        case '6':
            return std::span(k6).subspan(1);
        case '7':
            return std::span(k7).subspan(1);
        case '8':
            return std::span(k8).subspan(1);
        case '9':
            return std::span(k9).subspan(1);
        case '*':
            return std::span(kStar).subspan(1);
        case '#':
            return std::span(kHash).subspan(1);
        default:
            return {};
    }
}

}  // namespace dp::sandbox

#pragma clang diagnostic pop
