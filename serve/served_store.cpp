#include "serve/served_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <string_view>
#include <thread>
#include <utility>

namespace offgrid {
namespace {

/// What clients are told. What failed is described with paths and other words of this machine, in
/// ways that nobody can tell beforehand: that is for the log.
std::string_view words_for_clients(Errc code) {
    switch (code) {
        case Errc::invalid_argument:
            return "something about it is wrong, such as its name or what it says of its tiles";
        case Errc::not_found:
            return "it, or something that it needs, cannot be found or opened";
        case Errc::already_exists:
            return "a name in it is taken";
        case Errc::denied:
            return "the server may not read it";
        case Errc::corrupt:
            return "its content is not what it claims to be";
        case Errc::unsupported:
            return "it is of a kind that is not served";
        case Errc::too_large:
            return "it is larger than the server allows";
        case Errc::stale:
            return "it changed while it was opened";
        case Errc::busy:
            return "it could not be opened for now: too much is open";
        case Errc::no_space:
            return "a disk is full";
        case Errc::interrupted:
        case Errc::io:
            return "it cannot be read";
    }
    return "it cannot be read";
}

}  // namespace

ServedStore::ServedStore(FoundStore found, const StorePools& pools, Log log,
                         std::shared_ptr<const ServedGeneration> before)
    : found_{std::move(found)}, pools_{pools}, log_{std::move(log)}, before_{std::move(before)} {}

std::shared_ptr<ServedStore> ServedStore::another_try(const ServedStore& failed) {
    auto store = std::make_shared<ServedStore>(failed.found_, failed.pools_, failed.log_);
    store->failed_before_ = failed.outcome_.failure->what();
    return store;
}

bool ServedStore::has_failed_for_now() const {
    if (outcome() == nullptr || !outcome_.failure) {
        return false;
    }
    switch (outcome_.failure->code()) {
        case Errc::busy:
        case Errc::denied:
        case Errc::io:
        case Errc::not_found:  // SQLite says so of every file that it cannot open
        case Errc::no_space:
        case Errc::stale:
        case Errc::interrupted:
            return true;
        case Errc::invalid_argument:
        case Errc::already_exists:
        case Errc::corrupt:
        case Errc::unsupported:
        case Errc::too_large:
            return false;
    }
    return false;
}

bool ServedStore::has_failed_again() const {
    return outcome() != nullptr && outcome_.failure && failed_before_ == outcome_.failure->what();
}

const ServedStore::Outcome& ServedStore::open() {
    std::call_once(once_, [this] {
        try_to_open();
        before_.reset();
        is_open_ = true;
    });
    return outcome_;
}

void ServedStore::try_to_open() {
    try {
        outcome_.layers = open_store(found_, pools_, log_, before_.get());
    } catch (const Error& error) {
        outcome_.failure = error;
    } catch (const std::exception& error) {  // such as no memory for what a hostile file says
        outcome_.failure =
            Error{Errc::io, fmt::format("{}: {}", found_.path.string(), error.what())};
    }
}

void open_stores(const std::vector<std::shared_ptr<ServedStore>>& stores,
                 std::chrono::steady_clock::time_point end, unsigned threads) {
    std::atomic<std::size_t> next{0};
    const auto work = [&] {
        for (auto i = next++; i < stores.size(); i = next++) {
            stores[i]->open();
            if (std::chrono::steady_clock::now() >= end) {
                return;
            }
        }
    };
    std::vector<std::jthread> others;
    for (unsigned i = 1; i < std::min<std::size_t>(threads, stores.size()); ++i) {
        others.emplace_back(work);
    }
    work();
}

std::string reason_for_clients(const ServedStore& store) {
    const auto code = store.outcome()->failure->code();
    return fmt::format("{}: {}", name_of(code), words_for_clients(code));
}

}  // namespace offgrid
