// Durable creates per second through the Store port: each unit is what POST /conversations/calls writes (conversation,
// event, chained audit entry), synchronous=FULL, a fixed number of units in flight. Prints one line per case; the same
// rows as the Node peer writes.
//
//   store_bench DIRECTORY [seconds per case]

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <latch>
#include <semaphore>
#include <vector>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "store/open_store.hpp"
#include "store/sealing_key.hpp"
#include "store/sqlite/connection.hpp"
#include "telephony/config/configuration_service.hpp"
#include "telephony/conversation/conversation_service.hpp"
#include "telephony/seed/example_organization.hpp"

namespace {

using namespace dp;
using namespace dp::telephony;
using Seconds = std::chrono::duration<double>;

class DirectExecutor final : public Executor {
public:
    bool post(Task task) override {
        task();
        return true;
    }
};

double cpu_seconds() {
    struct rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    const auto of = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    };
    return of(usage.ru_utime) + of(usage.ru_stime);
}

struct Bench {
    std::string directory;
    SystemClock clock;
    SecureRandom random;
    DirectExecutor executor;
    std::unique_ptr<store::SealingKey> key;
    std::unique_ptr<Store> store;
    OrganizationId organization;

    explicit Bench(std::string path) : directory(std::move(path)) {
        std::filesystem::remove_all(directory);
        store::StoreOptions options;
        options.directory = directory;
        auto opened = store::open_store(options, clock, random);
        auto made = store::SealingKey::load_or_create(directory + "/secrets.key", random);
        if (!opened || !made) {
            fmt::print(stderr, "{}\n", opened ? made.error().detail : opened.error().detail);
            std::exit(1);
        }
        store = std::move(opened->store);
        key = std::move(*made);
        ExampleOptions example;
        example.carrier = {.host = "carrier.test", .port = 5060, .username = "u", .password = "p"};
        example.now = clock.wall();
        auto organization_made = make_example_organization(example, *key, random);
        organization = organization_made.secrets.organization;
        commit(std::move(organization_made.unit));
    }

    void commit(UnitOfWork unit) {
        std::latch done(1);
        store->submit(std::move(unit), executor, [&](Result<Committed> result) {
            if (!result) fmt::print(stderr, "{}\n", result.error().detail);
            done.count_down();
        });
        done.wait();
    }

    WriteContext context() {
        WriteContext out;
        out.organization = organization;
        out.actor = {ActorKind::OAuthClient, "bench"};
        out.request_id = "0c5e2a4e-5e3c-4b1c-9c4b-0f6c1d2e3f40";
        out.now = clock.wall();
        return out;
    }
};

PlaceCall seed_call() {
    PlaceCall call;
    call.agent = UserId("a1b2c3d4-e5f6-7890-abcd-ef1234567890");
    call.agent_name = "John Doe";
    call.caller_id = "+15551234567";
    call.destination = "+15559876543";
    call.type = "pstn";
    return call;
}

/// Keeps `in_flight` units submitted for `length` and reports rate, CPU per unit and latency.
void run_case(Bench& bench, const char* name, std::size_t in_flight, Seconds length, auto submit) {
    std::counting_semaphore<> free(static_cast<std::ptrdiff_t>(in_flight));
    std::vector<double> latencies;
    latencies.reserve(1'000'000);
    std::atomic<std::size_t> failed{0};
    const double cpu = cpu_seconds();
    const auto start = std::chrono::steady_clock::now();
    while (std::chrono::steady_clock::now() - start < length) {
        free.acquire();
        const auto sent = std::chrono::steady_clock::now();
        submit([&, sent](bool ok) {
            if (!ok) ++failed;
            latencies.push_back(Seconds(std::chrono::steady_clock::now() - sent).count() * 1e3);
            free.release();
        });
    }
    for (std::size_t i = 0; i < in_flight; ++i) free.acquire();
    const double elapsed = Seconds(std::chrono::steady_clock::now() - start).count();
    const double used = cpu_seconds() - cpu;
    const auto count = static_cast<double>(latencies.size());
    std::ranges::sort(latencies);
    const auto at = [&](double p) { return latencies[static_cast<std::size_t>(p * (count - 1))]; };
    fmt::print("{:<28} in flight {:>4}  {:>8.0f}/s  {:>6.1f} us CPU each  p50 {:.2f} ms  p99 {:.2f} ms  failed {}\n",
               name, in_flight, count / elapsed, used / count * 1e6, at(0.5), at(0.99), failed.load());
    (void)bench;
}

void bench_calls(Bench& bench, std::size_t in_flight, Seconds length) {
    static LiveConversations live;
    static ConversationService service(*bench.store, live, bench.random);
    run_case(bench, "place call (3 rows)", in_flight, length, [&](auto done) {
        WriteContext context = bench.context();
        auto prepared = service.prepare(context, seed_call());
        service.place(std::move(context), std::move(*prepared), bench.executor, [done](Result<PlacedCall> result) {
            if (result) live.erase(result->conversation->id);
            done(result.has_value());
        });
    });
}

Number number_of(std::size_t i) {
    Number number;
    number.e164 = fmt::format("+1415{:07}", i);
    number.provider = "sip-trunk-acme-us-east";
    number.location = LocationId("us_east_1");
    number.state = NumberState::Active;
    return number;
}

void bench_numbers(Bench& bench, std::size_t in_flight, Seconds length, std::size_t& next) {
    ConfigurationService service(*bench.store, bench.random);
    run_case(bench, "create number (snapshot)", in_flight, length, [&](auto done) {
        service.create(bench.context(), number_of(next++), bench.executor,
                       [done](Result<Committed> r) { done(r.has_value()); });
    });
}

/// What a snapshot costs: 100,000 numbers in memory, the next snapshot after one change, a list page in the middle.
void bench_snapshot(Bench& bench, std::size_t& next) {
    const std::size_t target = 100'000;
    const double load = cpu_seconds();
    while (next < target) {
        UnitOfWork unit;
        for (std::size_t i = 0; i < 5000 && next < target; ++i, ++next) {
            Number number = number_of(next);
            number.id = NumberId(bench.random.uuid());
            number.meta.organization = bench.organization;
            unit.puts.push_back({std::move(number), kMustNotExist});
        }
        bench.commit(std::move(unit));
    }
    fmt::print("filled to {} numbers, {:.2f} s CPU\n", next, cpu_seconds() - load);
    const auto snapshot = bench.store->snapshots().current();
    const auto& config = *snapshot->organization(bench.organization);
    constexpr int kPages = 10'000;
    const double start = cpu_seconds();
    std::size_t sum = 0;
    for (int i = 0; i < kPages; ++i) {
        const std::size_t first = static_cast<std::size_t>(i) * 7919 % (config.all<Number>().size() - 25);
        int left = 25;
        config.all<Number>().for_each_from(config.all<Number>().at(first)->id.str(), [&](const Ptr<Number>& number) {
            sum += number->e164.size();
            return --left > 0;
        });
    }
    const double page = (cpu_seconds() - start) / kPages * 1e6;
    fmt::print("list page of 25 among {}: {:.2f} us CPU ({})\n", config.all<Number>().size(), page, sum);
}

/// A million events over 30 days; an hour of them, all and the newest 25 (`POST /analytics/events/query`), with what is
/// known of the log's times and without it, when the log is read from its beginning or its end.
void bench_time_span(Bench& bench) {
    constexpr std::size_t kEvents = 1'000'000;
    const WallTime end = bench.clock.wall();
    const auto step = std::chrono::milliseconds(std::chrono::hours(24 * 30)) / kEvents;
    const double fill = cpu_seconds();
    for (std::size_t i = 0; i < kEvents;) {
        UnitOfWork unit;
        for (std::size_t n = 0; n < 5000; ++n, ++i)
            unit.events.push_back({.organization = bench.organization,
                                   .type = std::string(event_type::kConfigurationChanged),
                                   .resource_type = "number",
                                   .resource_id = bench.random.uuid(),
                                   .time = end - step * static_cast<int>(kEvents - i),
                                   .payload = std::string(200, 'x')});
        bench.commit(std::move(unit));
    }
    fmt::print("{} events written, {:.1f} us CPU each\n", kEvents, (cpu_seconds() - fill) / kEvents * 1e6);
    const auto ask = [&](const char* what, LogOrder order, std::size_t limit) {
        constexpr int kTimes = 20;
        std::size_t found = 0;
        const auto begin = std::chrono::steady_clock::now();
        for (int i = 0; i < kTimes; ++i) {
            EventQuery query{.organization = bench.organization, .limit = limit, .order = order};
            query.from = end - std::chrono::hours(360);
            query.until = *query.from + std::chrono::hours(1);
            std::latch done(1);
            bench.store->find_events(query, bench.executor, [&](Result<std::vector<Event>> events) {
                found = events ? events->size() : 0;
                done.count_down();
            });
            done.wait();
        }
        const Seconds took = std::chrono::steady_clock::now() - begin;
        fmt::print("{}: {:.2f} ms ({} events)\n", what, took.count() / kTimes * 1e3, found);
    };
    ask("an hour of 30 days", LogOrder::OldestFirst, 10'000);
    ask("its newest 25", LogOrder::NewestFirst, 25);
    auto direct = store::sqlite::Connection::open(bench.directory + "/dialplane.db", store::sqlite::Access::Write);
    if (!direct || !(*direct)->execute("DELETE FROM event_times")) return;
    ask("an hour of 30 days, the log read through", LogOrder::OldestFirst, 10'000);
    ask("its newest 25, the log read through", LogOrder::NewestFirst, 25);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 2) {
        fmt::print(stderr, "usage: store_bench DIRECTORY [seconds]\n");
        return 2;
    }
    const Seconds length(argc > 2 ? std::atof(argv[2]) : 3.0);
    Bench bench(argv[1]);
    for (const std::size_t in_flight : {1UZ, 8UZ, 32UZ, 128UZ}) bench_calls(bench, in_flight, length);
    std::size_t next = 0;
    bench_numbers(bench, 32, length, next);
    bench_snapshot(bench, next);
    bench_numbers(bench, 32, length, next);
    bench_time_span(bench);
    const double reopen = cpu_seconds();
    bench.store->stop();
    bench.store.reset();
    store::StoreOptions options;
    options.directory = bench.directory;
    auto again = store::open_store(options, bench.clock, bench.random);
    fmt::print("reopened, {:.2f} s CPU\n", cpu_seconds() - reopen);
    return again ? 0 : 1;
}
