#include "credentials/oci/region.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/ascii.h"

namespace rayhistory {
namespace {

constexpr std::string_view kCommercialDomain = "oraclecloud.com";

struct KnownRegion {
  std::string_view name;
  std::string_view short_name;
  std::string_view domain;
};

constexpr std::array<KnownRegion, 85> kRegions = {{
    {"af-casablanca-1", "lej", "oraclecloud.com"},     {"af-johannesburg-1", "jnb", "oraclecloud.com"},
    {"ap-batam-1", "hsg", "oraclecloud.com"},          {"ap-chiyoda-1", "nja", "oraclecloud8.com"},
    {"ap-chuncheon-1", "yny", "oraclecloud.com"},      {"ap-chuncheon-2", "bno", "oraclecloud35.com"},
    {"ap-dcc-canberra-1", "wga", "oraclecloud10.com"}, {"ap-dcc-gazipur-1", "dac", "oraclecloud15.com"},
    {"ap-delhi-1", "onm", "oraclecloud.com"},          {"ap-hyderabad-1", "hyd", "oraclecloud.com"},
    {"ap-ibaraki-1", "ukb", "oraclecloud8.com"},       {"ap-kulai-2", "jbp", "oraclecloud.com"},
    {"ap-melbourne-1", "mel", "oraclecloud.com"},      {"ap-mumbai-1", "bom", "oraclecloud.com"},
    {"ap-osaka-1", "kix", "oraclecloud.com"},          {"ap-seoul-1", "icn", "oraclecloud.com"},
    {"ap-seoul-2", "dtz", "oraclecloud35.com"},        {"ap-singapore-1", "sin", "oraclecloud.com"},
    {"ap-singapore-2", "xsp", "oraclecloud.com"},      {"ap-suwon-1", "dln", "oraclecloud35.com"},
    {"ap-sydney-1", "syd", "oraclecloud.com"},         {"ap-tokyo-1", "nrt", "oraclecloud.com"},
    {"ca-montreal-1", "yul", "oraclecloud.com"},       {"ca-toronto-1", "yyz", "oraclecloud.com"},
    {"eu-amsterdam-1", "ams", "oraclecloud.com"},      {"eu-budapest-1", "jsk", "oraclecloud51.com"},
    {"eu-crissier-1", "avf", "oraclecloud24.com"},     {"eu-dcc-dublin-1", "ork", "oraclecloud14.com"},
    {"eu-dcc-dublin-2", "snn", "oraclecloud14.com"},   {"eu-dcc-milan-1", "bgy", "oraclecloud14.com"},
    {"eu-dcc-milan-2", "mxp", "oraclecloud14.com"},    {"eu-dcc-rating-1", "dus", "oraclecloud14.com"},
    {"eu-dcc-rating-2", "dtm", "oraclecloud14.com"},   {"eu-dcc-zurich-1", "avz", "oraclecloud24.com"},
    {"eu-frankfurt-1", "fra", "oraclecloud.com"},      {"eu-frankfurt-2", "str", "oraclecloud.eu"},
    {"eu-jovanovac-1", "beg", "oraclecloud20.com"},    {"eu-madrid-1", "mad", "oraclecloud.com"},
    {"eu-madrid-2", "vll", "oraclecloud.eu"},          {"eu-madrid-3", "orf", "oraclecloud.com"},
    {"eu-marseille-1", "mrs", "oraclecloud.com"},      {"eu-milan-1", "lin", "oraclecloud.com"},
    {"eu-paris-1", "cdg", "oraclecloud.com"},          {"eu-stockholm-1", "arn", "oraclecloud.com"},
    {"eu-turin-1", "nrq", "oraclecloud.com"},          {"eu-zurich-1", "zrh", "oraclecloud.com"},
    {"il-jerusalem-1", "mtz", "oraclecloud.com"},      {"me-abudhabi-1", "auh", "oraclecloud.com"},
    {"me-abudhabi-2", "rkt", "oraclecloud29.com"},     {"me-abudhabi-3", "ahu", "oraclecloud26.com"},
    {"me-abudhabi-4", "shj", "oraclecloud29.com"},     {"me-alain-1", "rba", "oraclecloud26.com"},
    {"me-alrayyan-1", "vve", "oraclecloud21.com"},     {"me-dcc-doha-1", "doh", "oraclecloud21.com"},
    {"me-dcc-muscat-1", "mct", "oraclecloud9.com"},    {"me-dubai-1", "dxb", "oraclecloud.com"},
    {"me-ibri-1", "ibr", "oraclecloud9.com"},          {"me-jeddah-1", "jed", "oraclecloud.com"},
    {"me-riyadh-1", "ruh", "oraclecloud.com"},         {"mx-monterrey-1", "mty", "oraclecloud.com"},
    {"mx-queretaro-1", "qro", "oraclecloud.com"},      {"sa-bogota-1", "bog", "oraclecloud.com"},
    {"sa-riodejaneiro-1", "hnw", "oraclecloud52.com"}, {"sa-santiago-1", "scl", "oraclecloud.com"},
    {"sa-saopaulo-1", "gru", "oraclecloud.com"},       {"sa-valparaiso-1", "vap", "oraclecloud.com"},
    {"sa-vinhedo-1", "vcp", "oraclecloud.com"},        {"uk-cardiff-1", "cwl", "oraclecloud.com"},
    {"uk-gov-cardiff-1", "brs", "oraclegovcloud.uk"},  {"uk-gov-london-1", "ltn", "oraclegovcloud.uk"},
    {"uk-london-1", "lhr", "oraclecloud.com"},         {"us-ashburn-1", "iad", "oraclecloud.com"},
    {"us-ashburn-2", "yxj", "oraclecloud42.com"},      {"us-chicago-1", "ord", "oraclecloud.com"},
    {"us-gov-ashburn-1", "ric", "oraclegovcloud.com"}, {"us-gov-chicago-1", "pia", "oraclegovcloud.com"},
    {"us-gov-phoenix-1", "tus", "oraclegovcloud.com"}, {"us-langley-1", "lfi", "oraclegovcloud.com"},
    {"us-luke-1", "luf", "oraclegovcloud.com"},        {"us-newark-1", "pgc", "oraclecloud42.com"},
    {"us-phoenix-1", "phx", "oraclecloud.com"},        {"us-saltlake-2", "aga", "oraclecloud.com"},
    {"us-sanjose-1", "sjc", "oraclecloud.com"},        {"us-somerset-1", "ebb", "oraclecloud23.com"},
    {"us-thames-1", "ebl", "oraclecloud23.com"},
}};

const KnownRegion* find_region(std::string_view lowered) {
  const auto* const found = std::find_if(kRegions.begin(), kRegions.end(), [&](const KnownRegion& region) {
    return region.name == lowered || region.short_name == lowered;
  });
  return found == kRegions.end() ? nullptr : found;
}

}  // namespace

OciRegion oci_region(std::string_view text, std::string_view domain_if_unknown) {
  const std::string lowered = lower_case(text);
  if (const KnownRegion* known = find_region(lowered))
    return {std::string(known->name), std::string(known->domain)};
  if (const size_t dot = lowered.find('.'); dot != std::string::npos)
    return {lowered.substr(0, dot), lowered.substr(dot + 1)};
  return {lowered, std::string(domain_if_unknown.empty() ? kCommercialDomain : domain_if_unknown)};
}

bool is_known_oci_region(std::string_view text) {
  return find_region(lower_case(text)) != nullptr;
}

std::string oci_service_url(std::string_view service, const OciRegion& region) {
  return fmt::format("https://{}.{}.{}", service, region.name, region.domain);
}

}  // namespace rayhistory
