#pragma once
/// @file PromptBook: the port through which a call gets the sound of a prompt's text.
///
/// Two users: media::SpokenPrompts (espeak-ng on a thread of its own) and the simulation's. Control shard only.

#include <memory>
#include <string>

#include "audio/recording.hpp"

namespace dp::call {

class PromptBook {
public:
    virtual ~PromptBook() = default;
    /// Never null and never waits: a recording that is not made yet is filled in later and sounds from then on.
    virtual std::shared_ptr<const audio::Recording> of(const std::string& text) = 0;
};

}  // namespace dp::call
