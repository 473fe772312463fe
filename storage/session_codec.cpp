#include "schemas/record.capnp.h"
#include "storage/capnp_bytes.hpp"
#include "storage/record_codec.hpp"
#include "storage/step_results_codec.hpp"

namespace present::storage {

using namespace capnp_bytes;

std::string encode_session(const session_record& what) {
  const auto bytes = what.identity.size() + 40 * what.answers.size();
  return write<stored::SessionRecord>(bytes, [&](auto out) {
    out.setIdentity(text_of(what.identity));
    out.setAckedBelow(what.acked_below.value);
    out.setLiveUntil(what.live_until.value);
    out.setFingerprint(what.fingerprint);
    out.setEnded(what.ended);
    auto answers = out.initAnswers(static_cast<unsigned>(what.answers.size()));
    for (unsigned place = 0; place < what.answers.size(); ++place) {
      const auto& from = what.answers[place];
      auto to = answers[place];
      to.setNumber(from.number.value);
      to.setRetryUntil(from.retry_until.value);
      to.setCode(static_cast<std::uint16_t>(from.code));
      to.setFlags(from.flags);
      to.setVersion(from.version.value);
      encode_results(from.steps, to);
    }
  });
}

result<session_record> decode_session(client_id id, std::string_view bytes) {
  return read<stored::SessionRecord, session_record>(
    bytes, [&](auto in) -> result<session_record> {
      session_record session{id,
                             string_of(in.getIdentity()),
                             {in.getAckedBelow()},
                             {in.getLiveUntil()}};
      session.answers.reserve(in.getAnswers().size());
      // A code of a newer program is kept as it is: traits_of knows what to say.
      for (const auto from : in.getAnswers())
        session.answers.push_back({{from.getNumber()},
                                   {from.getRetryUntil()},
                                   static_cast<error_code>(from.getCode()),
                                   {from.getVersion()},
                                   from.getFlags(),
                                   decode_results(from)});
      session.fingerprint = in.getFingerprint();
      session.ended = in.getEnded();
      return session;
    });
}

} // namespace present::storage
