// Known answers of RFC 8032, and what stands in files: keys in PEM, bytes in base64.
#include "config/ed25519.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/config/written.h"

namespace sekisho::config {
namespace {

using testing::HasSubstr;

std::string bytes(const std::string& hex) {
  std::string out;
  for (std::size_t i = 0; i < hex.size(); i += 2)
    out += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  return out;
}

template <std::size_t N>
std::array<unsigned char, N> array(const std::string& hex) {
  const auto text = bytes(hex);
  std::array<unsigned char, N> out{};
  EXPECT_EQ(text.size(), N);
  std::copy(text.begin(), text.end(), out.begin());
  return out;
}

// RFC 8032, 7.1: TEST 1, 2, 3 and SHA(abc).
const struct {
  std::string seed, key, message, signature;
} known[] = {
    {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
     "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
     "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f"
     "0595bbe"
     "24655141438e7a100b"},
    {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
     "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
     "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2ea"
     "eb4302a"
     "eeb00d291612bb0c00"},
    {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
     "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
     "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e"
     "9716ed2"
     "8dc027beceea1ec40a"},
    {"833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
     "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
     "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d442"
     "3643ce8"
     "0e2a9ac94fa54ca49f",
     "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e0303dca179"
     "c138ac1"
     "7ad9bef1177331a704"},
};

TEST(Ed25519, signs_and_verifies_as_the_rfc_does) {
  for (const auto& one : known) {
    const auto key = PrivateKey::of_seed(array<32>(one.seed));
    EXPECT_EQ(key.public_key(), array<32>(one.key));
    EXPECT_EQ(key.sign(bytes(one.message)), array<64>(one.signature));
    EXPECT_TRUE(verifies(array<32>(one.key), bytes(one.message), array<64>(one.signature)));
    EXPECT_FALSE(verifies(array<32>(one.key), bytes(one.message) + "x", array<64>(one.signature)));
    EXPECT_FALSE(is_weak(array<32>(one.key)));
  }
}

// S may not be written the order of the group too large: the same signature would have two spellings.
TEST(Ed25519, a_signature_has_one_spelling) {
  const auto order = array<32>("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
  for (const auto& one : known) {
    auto other = array<64>(one.signature);
    int carry = 0;
    for (std::size_t i = 0; i < 32; ++i) {
      carry += other[32 + i] + order[i];
      other[32 + i] = static_cast<unsigned char>(carry);
      carry >>= 8;
    }
    EXPECT_FALSE(verifies(array<32>(one.key), bytes(one.message), other));
  }
}

TEST(Ed25519, keys_for_which_anybody_can_sign_are_known) {
  const std::string rest(60, '0'), high(60, 'f');
  for (const auto& key : {"00" + rest + "00", "01" + rest + "00", "00" + rest + "80", "01" + rest + "80",
                          "ec" + high + "7f", "ed" + high + "7f", "ee" + high + "7f", "ec" + high + "ff",
                          std::string("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"),
                          std::string("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85"),
                          std::string("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"),
                          std::string("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa")})
    EXPECT_TRUE(is_weak(array<32>(key))) << key;
  for (const auto& key : {"02" + rest + "00", "eb" + high + "7f", "ef" + high + "7f", "00" + rest + "01"})
    EXPECT_FALSE(is_weak(array<32>(key))) << key;
}

TEST(Base64, has_one_spelling) {
  std::array<unsigned char, 4> four{};
  EXPECT_TRUE(read_base64("AQIDBA==", four));
  EXPECT_EQ(four, (std::array<unsigned char, 4>{1, 2, 3, 4}));
  EXPECT_EQ(base64(four), "AQIDBA==");
  for (const auto* text : {"", "AQIDBA=", "AQIDBA", "AQIDBB==", "AQIDBAA=", "AQIDBAAA", " AQIDBA=",
                           "AQIDBA=\n", "AQ-DBA==", "AQIDBA===", "AQIDBA==AQIDBA==", "A=IDBA==", "AQIDB==="})
    EXPECT_FALSE(read_base64(text, four)) << text;
}

// Made by `openssl genpkey`, of the seed of TEST 1.
const std::string pem =
    "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n-----END "
    "PRIVATE "
    "KEY-----\n";

TEST(PrivateKey, is_read_from_pem) {
  Folder folder;
  const auto key = PrivateKey::load(folder.write("key.pem", pem));
  ASSERT_TRUE(key) << print(key.errors);
  EXPECT_EQ(key.value->public_key(), array<32>(known[0].key));
}

TEST(PrivateKey, anything_else_is_refused_with_a_sentence) {
  Folder folder;
  const struct {
    std::string text, says;
  } cases[] = {
      {"", "holds no private key in PEM"},
      {pem.substr(0, 60), "holds no private key in PEM"},
      {"-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n-----END "
       "PUBLIC "
       "KEY-----\n",
       "holds no private key in PEM"},
      {"-----BEGIN PRIVATE "
       "KEY-----\nMC4CAQAwBQYDK2VuBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n-----END "
       "PRIVATE KEY-----\n",  // X25519
       "is not an Ed25519 key"},
      {std::string((1 << 20) + 1, 'x'), "is larger than 1 MiB"},
      {"-----BEGIN ENCRYPTED PRIVATE KEY-----\n"
       "MIGbMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAgXdcIsEQrXrQICCAAw\n"
       "DAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEEK4beaol9PuN9w+ecTCJYlcEQIGQ\n"
       "o3/7z21iHrNRHUpHyWa5fqAyByxf0IRq7NG0zoY98iRDqQrMXBIT5QbPjI9GmEh3\n"
       "WR5I4UeCW8O1ImVMyZg=\n"
       "-----END ENCRYPTED PRIVATE KEY-----\n",
       "is encrypted"},
  };
  for (const auto& one : cases) {
    const auto key = PrivateKey::load(folder.write("key.pem", one.text));
    ASSERT_FALSE(key) << one.says;
    EXPECT_THAT(print(key.errors), HasSubstr("key.pem: " + one.says));
  }
  EXPECT_THAT(print(PrivateKey::load(folder.path()).errors), HasSubstr("is a directory"));
  EXPECT_THAT(print(PrivateKey::load(folder.path() / "none.pem").errors),
              HasSubstr("cannot be read: No such file"));
}

}  // namespace
}  // namespace sekisho::config
