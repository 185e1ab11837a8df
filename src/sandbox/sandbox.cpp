#include "sandbox/sandbox.hpp"

#include <map>

#include "net/event_loop.hpp"
#include "sandbox/carrier.hpp"
#include "sandbox/ordering_service.hpp"
#include "sandbox/phone.hpp"

namespace dp::sandbox {

struct Sandbox::Parts {
    SystemClock clock;
    SecureRandom random;
    Voice voice;
    net::LoopThread thread{"sandbox"};
    std::unique_ptr<Carrier> carrier;
    std::map<std::string, std::unique_ptr<Phone>> phones;
    std::unique_ptr<OrderingService> ordering;
    Endpoint sip;
    Endpoint http;
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
        parts->ordering = std::make_unique<OrderingService>(loop, options.accounts);
        auto http = parts->ordering->listen(options.http.value_or(Endpoint{options.sip.address, 0}));
        if (!http) return void(made = std::unexpected(http.error()));
        parts->http = *http;
    });
    std::unique_ptr<Sandbox> sandbox(new Sandbox(std::move(parts)));
    DP_CHECK(made);
    DP_CHECK(sandbox->add_phones(options.phones));
    return sandbox;
}

Result<void> Sandbox::add_phones(const std::vector<PhoneAccount>& accounts) {
    Result<void> made;
    parts_->thread.run_and_wait([&] {
        for (const auto& account : accounts) {
            auto phone =
                std::make_unique<Phone>(parts_->thread.loop(), parts_->clock, parts_->random, parts_->voice, account);
            if (made = phone->open(parts_->sip.address); !made) return;
            phone->set_active(true);
            parts_->phones.emplace(account.station, std::move(phone));
        }
    });
    return made;
}

Sandbox::~Sandbox() {
    parts_->thread.run_and_wait([this] {
        parts_->phones.clear();
        parts_->ordering.reset();
        parts_->carrier.reset();
    });
    parts_->thread.stop();
}

const Endpoint& Sandbox::sip() const {
    return parts_->sip;
}

const Endpoint& Sandbox::http() const {
    return parts_->http;
}

void Sandbox::set_phone_active(const std::string& station, bool active) {
    (void)parts_->thread.loop().post([this, station, active] {
        if (auto found = parts_->phones.find(station); found != parts_->phones.end()) found->second->set_active(active);
    });
}

}  // namespace dp::sandbox
