#pragma once
/// @file QueryText: a SELECT put together from the conditions that were asked for, every value bound, none spliced in.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "store/sqlite/connection.hpp"

namespace dp::store::sqlite {

class QueryText {
public:
    explicit QueryText(std::string_view select) : sql_(select) {}

    /// `condition` with one `?`.
    QueryText& where(std::string_view condition, std::variant<std::int64_t, std::string> value) {
        and_(condition);
        values_.push_back(std::move(value));
        return *this;
    }
    template <class T>
    QueryText& where_if(std::string_view condition, const std::optional<T>& value) {
        return value ? where(condition, *value) : *this;
    }
    /// `column IN (…)`; nothing when the list is empty.
    QueryText& in(std::string_view column, const std::vector<std::string>& values) {
        if (values.empty()) return *this;
        std::string condition(column);
        condition += " IN (";
        for (std::size_t i = 0; i < values.size(); ++i) condition += i == 0 ? "?" : ", ?";
        and_(condition + ")");
        for (const std::string& value : values) values_.emplace_back(value);
        return *this;
    }
    QueryText& value(std::variant<std::int64_t, std::string> value) {
        values_.push_back(std::move(value));
        return *this;
    }
    QueryText& condition(std::string_view text) {
        and_(text);
        return *this;
    }
    QueryText& tail(std::string_view text) {
        sql_.append(" ").append(text);
        return *this;
    }

    /// The values must outlive the statement: so must this object.
    Outcome<std::unique_ptr<Statement>> prepare(Connection& connection) const {
        DP_TRY(statement, connection.prepare_once(sql_));
        int index = 0;
        for (const auto& bound : values_)
            std::visit([&](const auto& each) { statement->bind_one(++index, each); }, bound);
        return statement;
    }

private:
    void and_(std::string_view condition) {
        sql_.append(values_.empty() && !has_condition_ ? " WHERE " : " AND ").append(condition);
        has_condition_ = true;
    }
    std::string sql_;
    bool has_condition_ = false;
    std::vector<std::variant<std::int64_t, std::string>> values_;
};

}  // namespace dp::store::sqlite
