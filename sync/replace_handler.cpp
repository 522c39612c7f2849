#include "sync/replace_handler.h"

#include "formats/base/error.h"
#include "sync/entry_names.h"
#include "sync/replace_form.h"

#include <fmt/format.h>

#include <utility>

namespace offgrid {
namespace {

class ReplaceHandler {
public:
    ReplaceHandler(ReplaceService& service, Log log) : service_{service}, log_{std::move(log)} {}

    Reply answer(AdminRequest& request) const {
        auto staging = service_.new_staging();
        const auto form = read_replace_form(*request.body, request.content_type, service_.files(),
                                            staging.path() / "upload", service_.limits());
        if (!request.caller.may_publish(form.request.layer)) {
            throw Error{Errc::denied,
                        fmt::format("'{}' may not publish layer '{}'", request.caller.name,
                                    printable(form.request.layer))};
        }
        const auto report = service_.replace(form.request, form.upload, std::move(staging));
        log_(fmt::format("replaced {} of layer '{}': generation {}, drained in {} ms",
                         report.files.size(), report.layer, report.generation,
                         report.drained.count()));
        return report_reply(report);
    }

private:
    ReplaceService& service_;
    Log log_;
};

}  // namespace

std::vector<AdminRoute> replace_routes(ReplaceService& service, Log log) {
    return {{.method = "POST",
             .pattern = "/sqlite/replace",
             .least = Role::publisher,
             .handler = [handler = ReplaceHandler{service, std::move(log)}](
                            AdminRequest& request) { return handler.answer(request); },
             .streamed = StreamedBody{
                 .max_bytes = service.limits().max_upload_bytes,
                 .admit = [&service](std::uint64_t bytes) { service.check_room(bytes); }}}};
}

}  // namespace offgrid
