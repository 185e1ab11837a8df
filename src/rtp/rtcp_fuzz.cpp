/// Any RTCP datagram; what it reports goes through everything that listens to reports.
#include "rtp/receiver_statistics.hpp"
#include "rtp/rtcp.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace dp::rtp;
    static ReceiverStatistics statistics(8000);
    static RoundTrip trip;
    static ReportedLoss loss;
    const dp::TimePoint now{std::chrono::hours(1)};
    const auto form = size % 2 == 0 ? RtcpForm::Compound : RtcpForm::ReducedSizeAllowed;
    const auto compound = parse_rtcp({data, size}, form);
    if (!compound) return 0;
    statistics.on_rtcp(*compound, now);
    for (const ReportBlock& block : compound->blocks()) {
        static_cast<void>(trip.on_report(block, now));
        if (const auto interval = loss.on_report(block)) static_cast<void>(interval->fraction());
    }
    return 0;
}
