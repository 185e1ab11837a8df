#include "telephony/phones/phone_service.hpp"

#include "base/timed_uuid.hpp"

namespace dp::telephony {
namespace {

constexpr std::size_t kPasswordLength = 43;

Reply<Committed> with_password(std::string password, Reply<CreatedPhone> reply) {
    return [password = std::move(password), reply = std::move(reply)](Result<Committed> result) mutable {
        if (!result) return reply(std::unexpected(std::move(result).error()));
        // A replayed Idempotency-Key wrote nothing: there is no phone to show, the caller answers from the replay.
        Ptr<Phone> phone = result->entities.empty() ? nullptr : std::get<Ptr<Phone>>(result->entities.front());
        reply(CreatedPhone{std::move(phone), std::move(password), std::move(*result)});
    };
}

}  // namespace

Result<PhoneDraft> PhoneService::draft(const WriteContext& context, Phone phone) const {
    const auto snapshot = store_.snapshots().current();
    const auto& config = snapshot->organization(context.organization);
    if (!config) return fail(ErrorCode::NotFound, "The organization does not exist.");
    if (phone.id.empty()) phone.id = PhoneId(timed_uuid(random_, context.now));
    phone.station = StationId(phone.id.str());
    const std::string username = phone.sip.username.empty() ? phone.id.str() : phone.sip.username;
    std::string password = random_.token(kPasswordLength);
    const DigestPolicy digest = phone.sip.digest;
    phone.sip = make_sip_account(secrets_, username, config->organization().sip_domain, password);
    phone.sip.digest = digest;
    return PhoneDraft{std::move(phone), std::move(password)};
}

void PhoneService::create(WriteContext context, PhoneDraft draft, Executor& reply_on, Reply<CreatedPhone> reply) {
    configuration_.create(std::move(context), std::move(draft.phone), reply_on,
                          with_password(std::move(draft.sip_password), std::move(reply)));
}

void PhoneService::create(WriteContext context, Phone phone, Executor& reply_on, Reply<CreatedPhone> reply) {
    auto made = draft(context, std::move(phone));
    if (!made) return reply(std::unexpected(std::move(made).error()));
    create(std::move(context), std::move(*made), reply_on, std::move(reply));
}

void PhoneService::replace(WriteContext context, Phone phone, std::int64_t expected_version, Executor& reply_on,
                           Reply<Committed> reply) {
    const auto snapshot = store_.snapshots().current();
    const auto& config = snapshot->organization(context.organization);
    const Ptr<Phone> before = config ? config->phone(phone.id) : nullptr;
    if (!before) return reply(fail(ErrorCode::NotFound, "The phone '" + phone.id.str() + "' does not exist."));
    phone.station = before->station;
    phone.sip = before->sip;
    configuration_.replace(std::move(context), std::move(phone), expected_version, reply_on, std::move(reply));
}

void PhoneService::reset_password(WriteContext context, const PhoneId& id, Executor& reply_on,
                                  Reply<CreatedPhone> reply) {
    const auto snapshot = store_.snapshots().current();
    const auto& config = snapshot->organization(context.organization);
    const Ptr<Phone> before = config ? config->phone(id) : nullptr;
    if (!before) return reply(fail(ErrorCode::NotFound, "The phone '" + id.str() + "' does not exist."));
    Phone phone = *before;
    std::string password = random_.token(kPasswordLength);
    const DigestPolicy digest = phone.sip.digest;
    phone.sip = make_sip_account(secrets_, phone.sip.username, config->organization().sip_domain, password);
    phone.sip.digest = digest;
    configuration_.replace(std::move(context), std::move(phone), before->meta.version, reply_on,
                           with_password(std::move(password), std::move(reply)));
}

}  // namespace dp::telephony
