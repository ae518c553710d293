// Each way to sign in to Oracle's cloud, against scripted answers and files. That what is sent is what
// Oracle's SDK sends, and that a gateway takes what comes of it, is tests/credentials' and tests/process'.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <simdjson.h>

#include "base/digest.h"
#include "base/json_text.h"
#include "credentials/oci/config_file.h"
#include "credentials/oci/default_credentials.h"
#include "credentials/oci/region.h"
#include "credentials/oci/token.h"
#include "http/curl_client.h"
#include "testing/rsa_test_key.h"
#include "testing/scripted_http_server.h"
#include "testing/skipping_clock.h"
#include "testing/temporary_folder.h"

namespace rayhistory {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

const Deadline kNever = Deadline::never();
constexpr int64_t kSecond = 1'000'000'000;

std::string jwt(std::string_view claims) {
  return to_base64_url(R"({"alg":"RS256"})") + "." + to_base64_url(claims) + ".c2lnbmF0dXJl";
}

class OciCredentialsTest : public testing::Test {
 protected:
  std::unique_ptr<OciCredentialsSource> source() {
    const auto make_client = [this](const std::string& ca_file) {
      ca_files_.push_back(ca_file);
      return std::make_unique<CurlClient>(clock_);
    };
    auto made = default_oci_credentials(environment_, make_client, clock_);
    CHECK(made.has_value());
    return *std::move(made);
  }
  OciCredentials credentials() {
    const auto got = source()->get(kNever);
    EXPECT_TRUE(got) << got.error().message;
    return got ? *got : OciCredentials{};
  }
  Error refusal() {
    const auto got = source()->get(kNever);
    EXPECT_FALSE(got);
    return got ? Error{} : got.error();
  }
  void configure(const std::string& text) { environment_.config_file = folder_.write("config", text); }
  std::string key_file() const { return folder_.write("key.pem", rsa_test_key_pem()); }

  SkippingClock clock_;
  TemporaryFolder folder_;
  OciEnvironment environment_{.config_file = folder_ / "no-config"};
  std::vector<std::string> ca_files_;
};

// --- the order ---

TEST_F(OciCredentialsTest, AreLookedForInKubeRaysOrder) {
  EXPECT_THAT(source()->origin(),
              StartsWith("instance principal, from the metadata service http://169.254.169.254"));
  configure("[DEFAULT]\n");
  EXPECT_THAT(source()->origin(), StartsWith("profile DEFAULT (OCI_CONFIG_PROFILE) in "));
  environment_.resource_principal_version = "2.2";
  EXPECT_THAT(source()->origin(), StartsWith("resource principal in OCI_RESOURCE_PRINCIPAL_RPST"));
  environment_.kubernetes_host = "10.96.0.1";
  EXPECT_THAT(source()->origin(), StartsWith("OKE workload identity for the token in /var/run/secrets"));
  EXPECT_EQ(ca_files_.back(), "/var/run/secrets/kubernetes.io/serviceaccount/ca.crt");
  environment_.auth_type = "Api_Key";
  EXPECT_THAT(source()->origin(), StartsWith("API key of the profile DEFAULT"));
  environment_.auth_type = "session_token";
  EXPECT_THAT(source()->origin(), StartsWith("session token of the profile DEFAULT"));
  environment_.auth_type = "instance_principal";
  EXPECT_THAT(source()->origin(), StartsWith("instance principal"));
  environment_.auth_type = "resource_principal";
  EXPECT_THAT(source()->origin(), StartsWith("resource principal"));
}

// --- the config file ---

TEST_F(OciCredentialsTest, TakesTheApiKeyOfAProfile) {
  configure(
      "[DEFAULT]\nuser=u\n\n[other]\n# a comment\nuser = ocid1.user\r\nTENANCY=ocid1.tenancy\n"
      "fingerprint=0a:1b\nregion=eu-frankfurt-1\nkey_file=" +
      key_file() + "\nno setting\n");
  environment_.config_profile = "other";
  const OciCredentials found = credentials();
  EXPECT_EQ(found.key_id, "ocid1.tenancy/ocid1.user/0a:1b");
  EXPECT_EQ(found.region, "eu-frankfurt-1");
  EXPECT_TRUE(is_rs256_signature(rsa_test_key_pem(), "x", found.key->sign_sha256("x")));
}

TEST_F(OciCredentialsTest, ReadsTheFileAnewOnceItsKeyIsRefused) {
  const std::string rest = "tenancy=t\nfingerprint=0a\nkey_file=" + key_file() + "\n";
  configure("[DEFAULT]\nuser=first\n" + rest);
  const auto made = source();
  const OciCredentials first = *made->get(kNever);
  configure("[DEFAULT]\nuser=second\n" + rest);
  EXPECT_EQ(made->get(kNever)->key_id, "t/first/0a");
  made->invalidate(first);
  EXPECT_EQ(made->get(kNever)->key_id, "t/second/0a");
}

TEST_F(OciCredentialsTest, ReadsAnEncryptedKeyAndSaysWhatIsWrongWithOne) {
  const std::string key = folder_.write("encrypted.pem", encrypted_test_key_pem("open sesame"));
  const std::string rest = "\nuser=u\ntenancy=t\nfingerprint=0a\nkey_file=" + key + "\n";
  configure("[DEFAULT]\npass_phrase=open sesame" + rest);
  EXPECT_EQ(credentials().key_id, "t/u/0a");
  configure("[DEFAULT]" + rest);
  EXPECT_THAT(refusal().message, AllOf(HasSubstr("encrypted, and no pass phrase"), HasSubstr(key),
                                       HasSubstr("must be in pass_phrase of the profile DEFAULT")));
  configure("[DEFAULT]\npass_phrase=s3cret" + rest);
  EXPECT_THAT(refusal().message, AllOf(HasSubstr("the pass phrase is wrong"), Not(HasSubstr("s3cret"))));
}

TEST_F(OciCredentialsTest, TakesTheSessionOfAProfileThatNamesNoUser) {
  const std::string token = jwt(R"({"exp":1795404440})");
  const std::string rest = "tenancy=t\nfingerprint=0a\nkey_file=" + key_file() +
                           "\nsecurity_token_file=" + folder_.write("token", token + "\n") + "\n";
  configure("[DEFAULT]\n" + rest);
  EXPECT_EQ(credentials().key_id, "ST$" + token);
  configure("[DEFAULT]\nuser=u\n" + rest);
  EXPECT_EQ(credentials().key_id, "t/u/0a");
  environment_.auth_type = "session_token";
  EXPECT_EQ(credentials().key_id, "ST$" + token);
}

TEST_F(OciCredentialsTest, AProfileHasNoValuesOfDefault) {
  configure("[DEFAULT]\nuser=u\nkey_file=/k\n[other]\ntenancy=t\n");
  environment_.config_profile = "other";
  environment_.auth_type = "api_key";
  EXPECT_THAT(refusal().message, HasSubstr("the profile lacks user, fingerprint, key_file"));
}

TEST_F(OciCredentialsTest, SaysWhichProfilesThereAre) {
  configure("[DEFAULT]\n[b]\n");
  environment_.config_profile = "c";
  const Error error = refusal();
  EXPECT_EQ(error.kind, ErrorKind::denied);
  EXPECT_THAT(error.message, HasSubstr("there is no such profile; the file has: DEFAULT, b"));
}

TEST_F(OciCredentialsTest, NamesFilesThatAreNotThereAndShowsNothingOfThoseThatAre) {
  environment_.auth_type = "api_key";
  EXPECT_THAT(refusal().message, AllOf(HasSubstr("OCI_CONFIG_FILE"), HasSubstr("no-config: No such file")));
  configure("pass_phrase=s3cret\n");
  EXPECT_THAT(refusal().message, AllOf(HasSubstr("line 1: a setting before"), Not(HasSubstr("s3cret"))));
  configure("[DEFAULT\npass_phrase=s3cret\n");
  EXPECT_THAT(refusal().message, AllOf(HasSubstr("closing bracket"), Not(HasSubstr("s3cret"))));
  configure("[DEFAULT]\nuser=u\ntenancy=t\nfingerprint=0a\nkey_file=/no/such.pem\n");
  EXPECT_THAT(refusal().message, HasSubstr("key_file: open /no/such.pem"));
  configure("[DEFAULT]\nuser=a b\ntenancy=t\nfingerprint=0a\nkey_file=" + key_file() + "\n");
  EXPECT_THAT(refusal().message, HasSubstr("as a space or a quote"));
}

TEST_F(OciCredentialsTest, FindsFilesInTheHomeFolder) {
  EXPECT_EQ(oci_path("~/.oci/config", "/home/ray"), "/home/ray/.oci/config");
  EXPECT_EQ(oci_path("/etc/oci", "/home/ray"), "/etc/oci");
  EXPECT_EQ(oci_path("~x/y", "/home/ray"), "~x/y");
}

// --- tokens ---

TEST(OciToken, EndsAtItsClaim) {
  const auto session = [](const std::string& token) { return oci_session(token, RsaKey::generate()); };
  EXPECT_EQ(session(jwt(R"({"exp":1795404440})"))->expires_unix_nanoseconds, 1'795'404'440 * kSecond);
  EXPECT_EQ(session(jwt(R"({"exp":1795404440.5})"))->expires_unix_nanoseconds, 1'795'404'440 * kSecond);
  for (const char* claims : {"{}", "[]", R"({"exp":"1"})", R"({"exp":-1})", R"({"exp":1e300})"})
    EXPECT_EQ(session(jwt(claims))->expires_unix_nanoseconds, std::nullopt) << claims;
  EXPECT_EQ(session("no-jwt")->expires_unix_nanoseconds, std::nullopt);
  for (const std::string& token :
       {std::string(), std::string(" \n"), std::string("a b"), std::string("a\"b"), std::string(40'000, 'x')})
    EXPECT_FALSE(session(token)) << token;
}

TEST(OciToken, IsReadFromResponsesThatAreWhole) {
  EXPECT_EQ(read_oci_token_response(R"({"token":"abc"})"), "abc");
  EXPECT_EQ(read_oci_proxymux_response(to_base64(R"({"token":"ST$abc"})") + "\n"), "abc");
  for (const std::string& body : {std::string(), std::string("{}"), std::string(R"({"token":"a b"})"),
                                  std::string(R"({"token":"abc")")}) {
    EXPECT_EQ(read_oci_token_response(body), std::nullopt) << body;
    EXPECT_EQ(read_oci_proxymux_response(to_base64(body)), std::nullopt) << body;
  }
  EXPECT_EQ(read_oci_proxymux_response(to_base64(R"({"token":"abc"})")), std::nullopt) << "without ST$";
  EXPECT_EQ(read_oci_proxymux_response("%%%"), std::nullopt);
}

TEST(OciRegion, KnowsShortNamesRealmsAndRegionsThatAreNew) {
  EXPECT_EQ(oci_service_url("objectstorage", oci_region("phx")),
            "https://objectstorage.us-phoenix-1.oraclecloud.com");
  EXPECT_EQ(oci_service_url("auth", oci_region("US-GOV-Ashburn-1")),
            "https://auth.us-gov-ashburn-1.oraclegovcloud.com");
  EXPECT_EQ(oci_service_url("auth", oci_region("mars-1")), "https://auth.mars-1.oraclecloud.com");
  EXPECT_EQ(oci_service_url("auth", oci_region("mars-1", "realm.example")),
            "https://auth.mars-1.realm.example");
  EXPECT_EQ(oci_service_url("auth", oci_region("mars-1.realm.example")), "https://auth.mars-1.realm.example");
  EXPECT_FALSE(is_known_oci_region("mars-1"));
  EXPECT_TRUE(is_known_oci_region("FRA"));
}

// --- a resource principal ---

TEST_F(OciCredentialsTest, TakesTheResourcePrincipalOfTheEnvironmentOrOfFiles) {
  environment_.auth_type = "resource_principal";
  environment_.resource_principal_version = "2.2";
  environment_.resource_principal_region = "phx";
  EXPECT_THAT(refusal().message, HasSubstr("OCI_RESOURCE_PRINCIPAL_RPST is not set"));
  environment_.resource_principal_token = "the-token";
  EXPECT_THAT(refusal().message, HasSubstr("OCI_RESOURCE_PRINCIPAL_PRIVATE_PEM is not set"));
  environment_.resource_principal_key = encrypted_test_key_pem("p");
  environment_.resource_principal_pass_phrase = "p";
  EXPECT_EQ(credentials().key_id, "ST$the-token");
  EXPECT_EQ(credentials().region, "phx");

  environment_.resource_principal_token = folder_.write("rpst", jwt(R"({"exp":1})") + "\n");
  environment_.resource_principal_key = folder_.write("pem", encrypted_test_key_pem("p"));
  environment_.resource_principal_pass_phrase = folder_.write("phrase", "p\n");
  const auto made = source();
  EXPECT_THAT(made->origin(), HasSubstr(environment_.resource_principal_token));
  EXPECT_EQ(made->get(kNever)->key_id, "ST$" + jwt(R"({"exp":1})"));
  // As the platform renews it; the first says that it is over already.
  folder_.write("rpst", "renewed");
  clock_.sleep_for(Seconds(40), {});
  EXPECT_EQ(made->get(kNever)->key_id, "ST$renewed");
  environment_.resource_principal_pass_phrase = "";
  EXPECT_THAT(refusal().message, HasSubstr("must be in OCI_RESOURCE_PRINCIPAL_PRIVATE_PEM_PASSPHRASE"));
}

// --- workload identity ---

class OciWorkloadIdentityTest : public OciCredentialsTest {
 protected:
  OciWorkloadIdentityTest() {
    environment_.auth_type = "oke_workload_identity";
    environment_.kubernetes_host = "127.0.0.1";
    environment_.service_account_token_file = folder_ / "token";
    environment_.service_account_ca_file = folder_ / "ca.crt";
  }
};

TEST_F(OciWorkloadIdentityTest, SaysWhatThePodLacks) {
  EXPECT_THAT(refusal().message, HasSubstr("automountServiceAccountToken"));
  folder_.write("token", "pod-token");
  EXPECT_THAT(refusal().message, HasSubstr("OCI_KUBERNETES_SERVICE_ACCOUNT_CERT_PATH"));
  folder_.write("ca.crt", test_certificate_pem({"ca"}));
  folder_.write("token", "two words");
  EXPECT_THAT(refusal().message, HasSubstr("holds no token"));
}

// --- an instance principal ---

class OciInstancePrincipalTest : public OciCredentialsTest {
 protected:
  OciInstancePrincipalTest() {
    environment_.auth_type = "instance_principal";
    environment_.metadata_url = server_.origin() + "/opc/v2";
    environment_.auth_url = server_.origin();
    responses_ = {
        {"/opc/v2/instance/region", "fra\n"},
        {"/opc/v2/instance/regionInfo",
         R"({"realmDomainComponent":"realm.example","regionIdentifier":"mars-1","regionKey":"xmr"})"},
        {"/opc/v2/identity/cert.pem",
         test_certificate_pem({"opc-certtype:instance", "opc-tenant:ocid1.tenancy"})},
        {"/opc/v2/identity/key.pem", rsa_test_key_pem()},
        {"/opc/v2/identity/intermediate.pem", test_certificate_pem({"intermediate"})},
        {"/v1/x509", R"({"token":")" + jwt(R"({"exp":1795404440})") + "\"}"}};
  }

  std::map<std::string, std::string> responses_;
  int exchange_status_ = 200;
  ScriptedHttpServer server_{[this](const ReceivedRequest& request) -> ScriptedResponse {
    const auto found = responses_.find(request.path());
    if (found == responses_.end()) return {404, {}, ""};
    return {request.path() == "/v1/x509" ? exchange_status_ : 200, {}, found->second};
  }};
};

TEST_F(OciInstancePrincipalTest, ExchangesTheMachinesCertificateForAToken) {
  const OciCredentials found = credentials();
  EXPECT_EQ(found.key_id, "ST$" + jwt(R"({"exp":1795404440})"));
  EXPECT_EQ(found.region, "eu-frankfurt-1");
  EXPECT_EQ(found.realm_domain, "oraclecloud.com");
  EXPECT_THAT(server_.request_lines(),
              testing::ElementsAre("GET /opc/v2/instance/region", "GET /opc/v2/identity/cert.pem",
                                   "GET /opc/v2/identity/key.pem", "GET /opc/v2/identity/intermediate.pem",
                                   "POST /v1/x509"));
  EXPECT_EQ(server_.requests().at(0).header("Authorization"), "Bearer Oracle");
  const ReceivedRequest exchange = server_.requests().back();
  EXPECT_THAT(
      exchange.header("Authorization"),
      AllOf(HasSubstr("headers=\"date (request-target) content-length content-type x-content-sha256\""),
            HasSubstr("keyId=\"ocid1.tenancy/fed-x509/")));
  EXPECT_THAT(exchange.body, Not(HasSubstr("BEGIN")));
  EXPECT_THAT(exchange.body, HasSubstr("\"publicKey\":\"MIIB"));
  EXPECT_FALSE(is_rs256_signature(rsa_test_key_pem(), "x", found.key->sign_sha256("x")))
      << "a key of the session";
}

TEST_F(OciInstancePrincipalTest, AsksForTheRealmOfARegionThatItDoesNotKnow) {
  responses_["/opc/v2/instance/region"] = "xmr";
  EXPECT_EQ(credentials().region, "mars-1");
  EXPECT_EQ(credentials().realm_domain, "realm.example");
  responses_.erase("/opc/v2/instance/regionInfo");
  responses_["/opc/v2/instance/region"] = "mars-1";
  environment_.default_realm_domain = "default.example";
  EXPECT_EQ(credentials().realm_domain, "default.example");
}

TEST_F(OciInstancePrincipalTest, SaysWhatIsWrong) {
  exchange_status_ = 401;
  responses_["/v1/x509"] = R"({"code":"NotAuthenticated","message":"no"})";
  Error error = refusal();
  EXPECT_EQ(error.kind, ErrorKind::denied);
  EXPECT_THAT(error.message, AllOf(HasSubstr("authentication service http://127.0.0.1"),
                                   HasSubstr("status 401 NotAuthenticated: no")));
  exchange_status_ = 503;
  EXPECT_EQ(refusal().kind, ErrorKind::retry);
  exchange_status_ = 200;
  EXPECT_THAT(refusal().message, HasSubstr("its answer holds no token"));
  responses_["/opc/v2/identity/cert.pem"] = test_certificate_pem({"no tenancy"});
  EXPECT_THAT(refusal().message, HasSubstr("the certificate names no tenancy"));
  responses_["/opc/v2/identity/key.pem"] = "cut";
  EXPECT_EQ(refusal().kind, ErrorKind::retry);
  responses_.clear();
  error = refusal();
  EXPECT_EQ(error.kind, ErrorKind::denied);
  EXPECT_THAT(error.message,
              AllOf(HasSubstr("status 404"), HasSubstr("compute instance"), HasSubstr("OCI_AUTH_TYPE")));
}

TEST_F(OciInstancePrincipalTest, KeepsItsTokenUntilItIsRefused) {
  responses_["/v1/x509"] = R"({"token":"no-jwt"})";
  const auto made = source();
  const OciCredentials first = *made->get(kNever);
  ASSERT_TRUE(made->get(kNever));
  EXPECT_EQ(server_.requests().size(), 5u);
  made->invalidate(first);
  ASSERT_TRUE(made->get(kNever));
  EXPECT_EQ(server_.requests().size(), 10u);
}

}  // namespace
}  // namespace rayhistory
