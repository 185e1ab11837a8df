#include "telephony/routing/schedule.hpp"

#include <gtest/gtest.h>

#include "telephony/routing/recurrence.hpp"
#include "telephony/testing/example.hpp"

namespace dp::telephony {
namespace {

class Hours : public ::testing::Test {
protected:
    Hours() {
        group.id = ScheduleGroupId("hours");
        group.name = "Hours";
        group.time_zone = "America/New_York";
    }
    void add(std::vector<ScheduleId>& list, const char* id, const char* start, const char* end, const char* rule) {
        Schedule schedule;
        schedule.id = ScheduleId(id);
        schedule.name = id;
        schedule.start = start;
        schedule.end = end;
        schedule.rrule = rule;
        ASSERT_TRUE(validate(schedule)) << validate(schedule).error().detail;
        example.put(schedule);
        list.push_back(schedule.id);
    }
    std::string_view at(const char* utc) const {
        const auto local = parse_local_time(utc);
        return to_string(state_at(example.config(), group, WallTime(local->time_since_epoch())));
    }
    testing::Example example;
    ScheduleGroup group;
};

TEST_F(Hours, WeeklyHoursAreOfTheGroupsZoneAndFollowItsSummerTime) {
    add(group.open, "weekdays", "2026-01-05T09:00:00.000", "2026-01-05T17:00:00.000",
        "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR");
    EXPECT_EQ(at("2026-01-06T13:59:59"), "closed");
    EXPECT_EQ(at("2026-01-06T14:00:00"), "open") << "9 o'clock in winter is 14 UTC";
    EXPECT_EQ(at("2026-07-07T13:00:00"), "open") << "in summer 13 UTC";
    EXPECT_EQ(at("2026-07-07T21:00:00"), "closed");
    EXPECT_EQ(at("2026-01-10T15:00:00"), "closed") << "a Saturday";
    EXPECT_EQ(at("2025-12-30T15:00:00"), "closed") << "before the first";
}

TEST_F(Hours, HolidayBeatsClosedBeatsOpen) {
    add(group.open, "always", "2026-01-01T00:00:00", "2026-01-02T00:00:00", "FREQ=DAILY");
    add(group.closed, "lunch", "2026-01-01T12:00:00", "2026-01-01T13:00:00", "FREQ=DAILY");
    add(group.holidays, "thanksgiving", "2026-11-26T00:00:00", "2026-11-27T00:00:00",
        "FREQ=YEARLY;BYMONTH=11;BYDAY=4TH");
    EXPECT_EQ(at("2026-02-02T16:30:00"), "open");
    EXPECT_EQ(at("2026-02-02T17:30:00"), "closed");
    EXPECT_EQ(at("2026-11-26T17:30:00"), "holiday");
    EXPECT_EQ(at("2027-11-25T17:30:00"), "holiday") << "the fourth Thursday of the next year";
    EXPECT_EQ(at("2027-11-26T16:30:00"), "open");
}

TEST_F(Hours, HoursMayCrossMidnight) {
    add(group.open, "night", "2026-01-05T22:00:00", "2026-01-06T06:00:00", "FREQ=WEEKLY;BYDAY=MO");
    EXPECT_EQ(at("2026-01-06T04:00:00"), "open") << "Monday 23:00";
    EXPECT_EQ(at("2026-01-06T10:59:59"), "open") << "Tuesday 05:59";
    EXPECT_EQ(at("2026-01-06T11:00:00"), "closed");
}

TEST_F(Hours, WithoutASchedulesTheGroupIsClosed) {
    EXPECT_EQ(at("2026-01-06T15:00:00"), "closed");
}

bool on(const char* rule, const char* first, const char* date) {
    const auto parsed = Recurrence::parse(rule);
    EXPECT_TRUE(parsed) << rule;
    const auto day = std::chrono::floor<std::chrono::days>(*parse_local_time(std::string(date) + "T00:00:00"));
    return parsed && parsed->on(day, *parse_local_time(std::string(first) + "T09:00:00"));
}

TEST(RecurrenceRule, IntervalsCountFromTheFirst) {
    EXPECT_TRUE(on("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,FR", "2026-01-05", "2026-01-09"));
    EXPECT_FALSE(on("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,FR", "2026-01-05", "2026-01-12"));
    EXPECT_TRUE(on("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,FR", "2026-01-05", "2026-01-19"));
    EXPECT_TRUE(on("FREQ=DAILY;INTERVAL=3", "2026-01-05", "2026-01-11"));
    EXPECT_FALSE(on("FREQ=DAILY;INTERVAL=3", "2026-01-05", "2026-01-12"));
}

TEST(RecurrenceRule, CountAndUntilEndIt) {
    EXPECT_TRUE(on("FREQ=DAILY;COUNT=3", "2026-01-05", "2026-01-07"));
    EXPECT_FALSE(on("FREQ=DAILY;COUNT=3", "2026-01-05", "2026-01-08"));
    EXPECT_TRUE(on("FREQ=DAILY;UNTIL=20260107T090000Z", "2026-01-05", "2026-01-07"));
    EXPECT_FALSE(on("FREQ=DAILY;UNTIL=20260107T085959Z", "2026-01-05", "2026-01-07"));
}

TEST(RecurrenceRule, MonthsKnowTheirLastDays) {
    EXPECT_TRUE(on("FREQ=MONTHLY;BYMONTHDAY=-1", "2026-01-31", "2026-02-28"));
    EXPECT_TRUE(on("FREQ=MONTHLY;BYDAY=-1FR", "2026-01-30", "2026-02-27"));
    EXPECT_FALSE(on("FREQ=MONTHLY;BYDAY=-1FR", "2026-01-30", "2026-02-20"));
    EXPECT_FALSE(on("FREQ=MONTHLY", "2026-01-31", "2026-02-28"));
    EXPECT_TRUE(on("FREQ=YEARLY", "2026-12-25", "2031-12-25"));
}

TEST(RecurrenceRule, WhatIsNotUnderstoodIsRefusedByName) {
    for (const char* rule : {"", "FREQ=HOURLY", "FREQ=DAILY;BYSETPOS=1", "FREQ=DAILY;COUNT=0", "FREQ=WEEKLY;BYDAY=XX",
                             "FREQ=WEEKLY;BYDAY=9MO", "FREQ=DAILY;COUNT=2;UNTIL=20260101", "FREQ=DAILY;INTERVAL",
                             "FREQ=DAILY;COUNT=99999999999999999999", "FREQ=YEARLY;BYMONTH=0", "FREQ=WEEKLY;WKST=SU"}) {
        const auto parsed = Recurrence::parse(rule);
        ASSERT_FALSE(parsed) << rule;
        EXPECT_EQ(parsed.error().field, "rrule");
    }
}

TEST(LocalTime, OnlyRealOnes) {
    for (const char* text : {"2026-02-30T09:00:00", "2026-01-05 09:00:00", "2026-01-05T24:00:00", "2026-1-5T09:00:00",
                             "", "2026-01-05T09:00:00Z", "2026-01-05T09:00:00.1x"})
        EXPECT_FALSE(parse_local_time(text)) << text;
    EXPECT_TRUE(parse_local_time("2028-02-29T09:00:00.000"));
}

TEST(TimeZone, IsLookedUp) {
    EXPECT_TRUE(is_time_zone("Europe/Berlin"));
    EXPECT_FALSE(is_time_zone("Europe/Nowhere"));
    EXPECT_FALSE(is_time_zone("../../etc/passwd"));
}

}  // namespace
}  // namespace dp::telephony
