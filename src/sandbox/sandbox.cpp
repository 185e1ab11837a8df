#include "sandbox/sandbox.hpp"

#include <map>

#include "net/event_loop.hpp"
#include "sandbox/carrier.hpp"
#include "sandbox/phone.hpp"

namespace dp::sandbox {

struct Sandbox::Parts {
    SystemClock clock;
    SecureRandom random;
    Voice voice;
    net::LoopThread thread{"sandbox"};
    std::unique_ptr<Carrier> carrier;
    std::map<std::string, std::unique_ptr<Phone>> phones;
    Endpoint sip;
};

Sandbox::Sandbox(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

Result<std::unique_ptr<Sandbox>> Sandbox::start(const SandboxOptions& options) {
    auto parts = std::make_unique<Parts>();
    Result<void> made;
    parts->thread.run_and_wait([&] {
        auto& loop = parts->thread.loop();
        parts->carrier = std::make_unique<Carrier>(loop, parts->clock, parts->random, parts->voice, options);
        auto local = parts->carrier->listen(options.sip);
        if (!local) return void(made = std::unexpected(local.error()));
        parts->sip = *local;
        for (const auto& account : options.phones) {
            auto phone = std::make_unique<Phone>(loop, parts->clock, parts->random, parts->voice, account);
            if (made = phone->open(options.sip.address); !made) return;
            phone->set_active(true);
            parts->phones.emplace(account.station, std::move(phone));
        }
    });
    if (!made) {
        Sandbox discarded(std::move(parts));
        return std::unexpected(made.error());
    }
    return std::unique_ptr<Sandbox>(new Sandbox(std::move(parts)));
}

Sandbox::~Sandbox() {
    parts_->thread.run_and_wait([this] {
        parts_->phones.clear();
        parts_->carrier.reset();
    });
    parts_->thread.stop();
}

const Endpoint& Sandbox::sip() const {
    return parts_->sip;
}

void Sandbox::set_phone_active(const std::string& station, bool active) {
    (void)parts_->thread.loop().post([this, station, active] {
        if (auto found = parts_->phones.find(station); found != parts_->phones.end()) found->second->set_active(active);
    });
}

}  // namespace dp::sandbox
