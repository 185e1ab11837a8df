#pragma once
/// @file PersistentSet: an immutable set of shared entities ordered by a key taken from the entity, as a
/// weight-balanced tree. A change copies the path to the root (O(log n)) and shares the rest, so that a snapshot of
/// 100,000 numbers costs nothing to keep while the next is made, and the n-th entity of a list page is found in O(log
/// n).
///
/// A secondary index is another set of the same entities under another `Order`. Threads: a value; copies share nodes,
/// any thread reads. Source: Hirai & Yamamoto, "Balancing weight-balanced trees" (parameters 3 and 2).

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <type_traits>
#include <utility>

#include "telephony/ids.hpp"

namespace dp::telephony {

/// `Order` has `static auto key(const T&)`, comparable with `<` with itself and with every type that find() is given.
template <class T, class Order>
class PersistentSet {
public:
    PersistentSet() = default;

    /// `entities` in strictly ascending order. O(n).
    static PersistentSet from_sorted(std::span<const Ptr<T>> entities) { return PersistentSet(build(entities)); }

    std::size_t size() const { return size(root_); }
    bool empty() const { return !root_; }

    template <class Key>
    const Ptr<T>& find(const Key& key) const {
        static const Ptr<T> kNone;
        const Node* node = lower_bound_node(key);
        return node && !(key < Order::key(*node->value)) ? node->value : kNone;
    }

    /// The n-th in order; nothing past the end.
    const Ptr<T>& at(std::size_t n) const {
        static const Ptr<T> kNone;
        const Node* node = root_.get();
        while (node) {
            const std::size_t left = size(node->left);
            if (n == left) return node->value;
            if (n < left) {
                node = node->left.get();
            } else {
                n -= left + 1;
                node = node->right.get();
            }
        }
        return kNone;
    }

    /// How many stand before `key`.
    template <class Key>
    std::size_t rank(const Key& key) const {
        std::size_t before = 0;
        for (const Node* node = root_.get(); node;) {
            if (Order::key(*node->value) < key) {
                before += size(node->left) + 1;
                node = node->right.get();
            } else {
                node = node->left.get();
            }
        }
        return before;
    }

    [[nodiscard]] PersistentSet with(Ptr<T> value) const { return PersistentSet(insert(root_, std::move(value))); }
    template <class Key>
    [[nodiscard]] PersistentSet without(const Key& key) const {
        return PersistentSet(erase(root_, key));
    }

    /// In order. `visit(const Ptr<T>&)` returning bool stops at false.
    template <class Visit>
    void for_each(Visit&& visit) const {
        walk(root_.get(), visit);
    }
    /// From the first not below `from`, in order, until `visit` returns false.
    template <class Key, class Visit>
    void for_each_from(const Key& from, Visit&& visit) const {
        walk_from(root_.get(), from, visit);
    }

private:
    struct Node;
    /// Shared ownership of a node, counted in it: a shared_ptr with its control block would double what a node takes,
    /// and an entity stands in several sets.
    class Link {
    public:
        Link() = default;
        Link(std::nullptr_t) {}                           // NOLINT: an empty subtree
        explicit Link(const Node* made) : node_(made) {}  ///< takes over the reference that a new node begins with
        Link(const Link& other) : node_(other.node_) {
            if (node_) node_->references.fetch_add(1, std::memory_order_relaxed);
        }
        Link(Link&& other) noexcept : node_(std::exchange(other.node_, nullptr)) {}
        Link& operator=(Link other) noexcept {
            std::swap(node_, other.node_);
            return *this;
        }
        ~Link() {
            if (node_ && node_->references.fetch_sub(1, std::memory_order_acq_rel) == 1) delete node_;
        }
        const Node* get() const { return node_; }
        const Node* operator->() const { return node_; }
        explicit operator bool() const { return node_ != nullptr; }

    private:
        const Node* node_ = nullptr;
    };
    struct Node {
        Ptr<T> value;
        Link left, right;
        std::uint32_t size;
        mutable std::atomic<std::uint32_t> references{1};
    };

    explicit PersistentSet(Link root) : root_(std::move(root)) {}

    static std::size_t size(const Link& link) { return link ? link->size : 0; }
    static std::size_t weight(const Link& link) { return size(link) + 1; }

    static Link make(Link left, Ptr<T> value, Link right) {
        const auto total = static_cast<std::uint32_t>(size(left) + size(right) + 1);
        return Link(new Node{std::move(value), std::move(left), std::move(right), total});
    }

    static Link build(std::span<const Ptr<T>> entities) {
        if (entities.empty()) return nullptr;
        const std::size_t middle = entities.size() / 2;
        return make(build(entities.first(middle)), entities[middle], build(entities.subspan(middle + 1)));
    }

    static Link balance(Link left, const Ptr<T>& value, Link right) {
        constexpr std::size_t kDelta = 3;
        if (size(left) + size(right) >= 2) {
            if (weight(right) > kDelta * weight(left)) return rotate_left(std::move(left), value, right);
            if (weight(left) > kDelta * weight(right)) return rotate_right(left, value, std::move(right));
        }
        return make(std::move(left), value, std::move(right));
    }
    static Link rotate_left(Link left, const Ptr<T>& value, const Link& right) {
        constexpr std::size_t kRatio = 2;
        if (weight(right->left) < kRatio * weight(right->right))
            return make(make(std::move(left), value, right->left), right->value, right->right);
        const Link& middle = right->left;
        return make(make(std::move(left), value, middle->left), middle->value,
                    make(middle->right, right->value, right->right));
    }
    static Link rotate_right(const Link& left, const Ptr<T>& value, Link right) {
        constexpr std::size_t kRatio = 2;
        if (weight(left->right) < kRatio * weight(left->left))
            return make(left->left, left->value, make(left->right, value, std::move(right)));
        const Link& middle = left->right;
        return make(make(left->left, left->value, middle->left), middle->value,
                    make(middle->right, value, std::move(right)));
    }

    static Link insert(const Link& node, Ptr<T> value) {
        if (!node) return make(nullptr, std::move(value), nullptr);
        const auto& here = Order::key(*node->value);
        if (Order::key(*value) < here) return balance(insert(node->left, std::move(value)), node->value, node->right);
        if (here < Order::key(*value)) return balance(node->left, node->value, insert(node->right, std::move(value)));
        return make(node->left, std::move(value), node->right);
    }
    template <class Key>
    static Link erase(const Link& node, const Key& key) {
        if (!node) return nullptr;
        const auto& here = Order::key(*node->value);
        if (key < here) return balance(erase(node->left, key), node->value, node->right);
        if (here < key) return balance(node->left, node->value, erase(node->right, key));
        if (!node->left) return node->right;
        if (!node->right) return node->left;
        const Node* next = node->right.get();
        while (next->left) next = next->left.get();
        const Ptr<T> successor = next->value;
        return balance(node->left, successor, erase(node->right, Order::key(*successor)));
    }

    template <class Key>
    const Node* lower_bound_node(const Key& key) const {
        const Node* found = nullptr;
        for (const Node* node = root_.get(); node;) {
            if (Order::key(*node->value) < key) {
                node = node->right.get();
            } else {
                found = node;
                node = node->left.get();
            }
        }
        return found;
    }

    template <class Visit>
    static bool call(Visit& visit, const Ptr<T>& value) {
        if constexpr (std::is_same_v<decltype(visit(value)), bool>)
            return visit(value);
        else
            return visit(value), true;
    }
    template <class Visit>
    static bool walk(const Node* node, Visit& visit) {
        return !node || (walk(node->left.get(), visit) && call(visit, node->value) && walk(node->right.get(), visit));
    }
    template <class Key, class Visit>
    static bool walk_from(const Node* node, const Key& from, Visit& visit) {
        if (!node) return true;
        if (Order::key(*node->value) < from) return walk_from(node->right.get(), from, visit);
        return walk_from(node->left.get(), from, visit) && call(visit, node->value) && walk(node->right.get(), visit);
    }

    Link root_;
};

}  // namespace dp::telephony
