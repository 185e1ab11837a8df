/// A crypto line never crashes the reader; a usable one round-trips.
#include <cstdlib>
#include <string_view>

#include "sdp/crypto_attribute.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace dp::sdp;
    const auto line = parse_crypto({reinterpret_cast<const char*>(data), size});
    if (!line || !line->key) return 0;
    const auto again = parse_crypto(crypto_value(line->tag, *line->key));
    if (!again || again->key != line->key) std::abort();
    return 0;
}
