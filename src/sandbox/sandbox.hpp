#pragma once
/// @file Sandbox: the sandbox carrier and its phones on a loop of their own: a peer of the server over real SIP and
/// RTP, in the same process or alone (`dialplane sandbox`).
///
/// Threads: every function from any thread but the sandbox's own. The object owns its thread.

#include <memory>
#include <string>

#include "base/result.hpp"
#include "sandbox/account.hpp"

namespace dp::sandbox {

class Sandbox {
public:
    static Result<std::unique_ptr<Sandbox>> start(const SandboxOptions& options);
    ~Sandbox();
    Sandbox(const Sandbox&) = delete;
    Sandbox& operator=(const Sandbox&) = delete;

    const Endpoint& sip() const;
    /// Further phones, beside those of the options.
    Result<void> add_phones(const std::vector<PhoneAccount>& accounts);
    const Endpoint& http() const;
    /// A phone registers while it is active. Unknown stations are ignored.
    void set_phone_active(const std::string& station, bool active);

private:
    struct Parts;
    explicit Sandbox(std::unique_ptr<Parts> parts);
    std::unique_ptr<Parts> parts_;
};

}  // namespace dp::sandbox
