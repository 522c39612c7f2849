#include "sync/replace_handler.h"

#include "formats/base/error.h"
#include "sync/background.h"
#include "sync/entry_names.h"
#include "sync/replace_form.h"

#include <fmt/format.h>

#include <optional>
#include <utility>

namespace offgrid {
namespace {

/// One replace, from its form to its answer.
class ReplaceHandler {
public:
    ReplaceHandler(const ReplaceContext& context, AdminRequest& request)
        : context_{context}, request_{request} {}

    Reply answer() {
        run_in_background();
        if (const auto key = request_.header("Idempotency-Key"); !key.empty()) {
            claim_.emplace(context_.answers.claim(request_.caller.name, key));
        }
        auto staging = context_.service.new_staging();
        auto form = read_form(staging.path() / "upload");
        if (claim_) {
            request_sha256_ = form.sha256();
            if (const auto known = context_.answers.find(*claim_)) {
                return again(*known);
            }
        }
        const auto report = replace(form, std::move(staging));
        auto reply = report_reply(report, request_.form);
        keep_for_key([&] { context_.answers.store(*claim_, {request_sha256_, reply}); });
        note(report);
        return reply;
    }

private:
    /// Have it done; with a key, once, whenever this process dies.
    ReplaceReport replace(const ReplaceForm& form, StagingFolder staging) {
        ChangeOptions options{.audit = {.who = request_.caller, .from = request_.remote_address}};
        if (claim_) {
            options.on_prepared = [this](const ReplaceReport& prepared) {
                context_.answers.announce(*claim_,
                                          {request_sha256_, report_reply(prepared, request_.form)},
                                          prepared.generation);
            };
            options.on_served = [this](const ReplaceReport&) {
                keep_for_key([&] { context_.answers.confirm(*claim_); });
            };
        }
        try {
            return context_.service.replace(form.request, form.upload, std::move(staging),
                                            std::move(options));
        } catch (const std::exception&) {
            keep_for_key([&] { context_.answers.withdraw(*claim_); });
            throw;
        }
    }

    ReplaceForm read_form(const std::filesystem::path& upload_path) {
        auto form =
            read_replace_form(*request_.body, request_.content_type, context_.service.files(),
                              upload_path, context_.service.limits(),
                              [this](const std::string& layer) { check_may_publish(layer); });
        context_.counts.add_received(form.upload ? form.upload->bytes : 0);
        auto& wanted = form.request;
        check_may_publish(wanted.layer);
        if (auto header = request_.header("If-Match"); !header.empty()) {
            wanted.precondition.if_match = std::move(header);
        }
        if (auto header = request_.header("If-None-Match"); !header.empty()) {
            wanted.precondition.if_none_match = std::move(header);
        }
        return form;
    }

    void check_may_publish(const std::string& layer) const {
        if (!request_.caller.may_publish(layer)) {
            throw Error{Errc::denied, fmt::format("'{}' may not publish layer '{}'",
                                                  request_.caller.name, printable(layer))};
        }
    }

    /// The answer that was given before.
    Reply again(const StoredAnswers::Answer& known) const {
        if (known.request_sha256 != request_sha256_) {
            context_.counts.count("other_request");
            return error_reply(422, "this Idempotency-Key came with another request before",
                               request_.form);
        }
        context_.counts.count("answered_again");
        auto reply = known.reply;
        reply.headers.emplace_back("Idempotency-Replayed", "true");
        return reply;
    }

    /// Keep what is known of the key. What has happened is reported whether or not that can be.
    template <typename Keep>
    void keep_for_key(const Keep& keep) noexcept {
        if (!claim_) {
            return;
        }
        try {
            keep();
        } catch (const std::exception& error) {
            context_.log(fmt::format("what became of a key cannot be kept: {}", error.what()));
        }
    }

    void note(const ReplaceReport& report) const {
        const auto what = fmt::format("{} of layer '{}' for '{}'", report.files.size(),
                                      report.layer, request_.caller.name);
        if (report.is_dry_run) {
            context_.counts.count("dry_run");
            context_.log(fmt::format("verified {}; nothing is changed", what));
            return;
        }
        context_.counts.count("replaced");
        const auto& drain = report.drain;
        context_.log(
            fmt::format("replaced {}: generation {}, {} in {} ms", what, report.generation,
                        drain.is_complete ? "drained" : fmt::format("{} leases left", drain.leases),
                        drain.waited.count()));
    }

    const ReplaceContext& context_;
    AdminRequest& request_;
    std::optional<StoredAnswers::Claim> claim_;
    std::string request_sha256_;
};

Reply answer_replace(const ReplaceContext& context, AdminRequest& request) {
    try {
        return ReplaceHandler{context, request}.answer();
    } catch (const Error& error) {
        context.counts.count(std::string{name_of(error.code())});
        throw;
    } catch (...) {
        context.counts.count("failed");
        throw;
    }
}

}  // namespace

std::vector<AdminRoute> replace_routes(ReplaceContext context) {
    auto& service = context.service;
    const StreamedBody body{
        .max_bytes = service.limits().max_upload_bytes,
        .admit = [&service](std::uint64_t bytes) { service.check_room(bytes); }};
    return {{.method = "POST",
             .pattern = "/sqlite/replace",
             .least = Role::publisher,
             .handler = [context = std::move(context)](
                            AdminRequest& request) { return answer_replace(context, request); },
             .streamed = body}};
}

}  // namespace offgrid
