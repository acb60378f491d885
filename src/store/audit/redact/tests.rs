use proptest::prelude::*;

use super::*;

/// What is typed, and what is kept of it.
const CASES: &[(&str, &str)] = &[
    ("uptime", "uptime"),
    (
        "sort --key=2 f; ssh -o HostKeyAlias=x h",
        "sort --key=2 f; ssh -o HostKeyAlias=x h",
    ),
    ("PASSWORD=hunter2 run", "PASSWORD=[redacted] run"),
    ("export DB_PASS='a b' X=1", "export DB_PASS=[redacted] X=1"),
    ("A_TOKEN=a\\ b\"c d\"; next", "A_TOKEN=[redacted]; next"),
    ("SSH_KEY=$(cat /k | tr a b) x", "SSH_KEY=[redacted] x"),
    (
        "TOKEN=$TOKEN run \"P_PASS=${P}\"",
        "TOKEN=$TOKEN run \"P_PASS=${P}\"",
    ),
    (
        "docker run -e \"MY_SECRET=a b\" img",
        "docker run -e \"MY_SECRET=[redacted]\" img",
    ),
    (
        "mysql --password hunter2 -e q",
        "mysql --password [redacted] -e q",
    ),
    (
        "mysql --password=hunter2 -e q",
        "mysql --password=[redacted] -e q",
    ),
    ("mysql --password --host h", "mysql --password --host h"),
    (
        "x --password-file /p --token-stdin y",
        "x --password-file /p --token-stdin y",
    ),
    ("sh -c 'x --token abc y'", "sh -c 'x --token [redacted] y'"),
    ("sshpass -p hunter2 ssh h", "sshpass -p [redacted] ssh h"),
    ("sshpass -phunter2 ssh h", "sshpass -p[redacted] ssh h"),
    (
        "curl -H 'Authorization: Bearer abc.def' u",
        "curl -H 'Authorization: [redacted]' u",
    ),
    (
        "curl -H \"x-api-key: abc\" u",
        "curl -H \"x-api-key: [redacted]\" u",
    ),
    (
        "curl https://me:pw@h/p ftp://h:21/",
        "curl https://me:[redacted]@h/p ftp://h:21/",
    ),
    (
        "curl -d '{\"password\":\"a\\\"b\",\"user\":\"me\"}' u",
        "curl -d '{\"password\":[redacted],\"user\":\"me\"}' u",
    ),
    (
        "curl 'http://h/?token=abc'",
        "curl 'http://h/?token=[redacted]'",
    ),
    ("echo AKIAIOSFODNN7EXAMPLE.", "echo [redacted]."),
    (
        "echo ghp_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "echo [redacted]",
    ),
    ("x xoxb-1234567890-abcdef y", "x [redacted] y"),
    (
        "echo '-----BEGIN RSA PRIVATE KEY-----\nabc\n-----END RSA PRIVATE KEY-----' > k",
        "echo '[redacted]' > k",
    ),
    ("echo -----BEGIN PRIVATE KEY-----\nabc", "echo [redacted]"),
    (
        "echo -----BEGIN CERTIFICATE-----",
        "echo -----BEGIN CERTIFICATE-----",
    ),
];

#[test]
fn secrets_go_and_the_rest_stays() {
    for (typed, kept) in CASES {
        assert_eq!(redact(typed), *kept);
    }
}

/// Options of programs that take secrets, and the same letters where they take none.
const OPTIONS: &[(&str, &str)] = &[
    ("mysql -uroot -phunter2 db", "mysql -uroot -p[redacted] db"),
    (
        "mysql -u root -p'a b' -e q",
        "mysql -u root -p[redacted] -e q",
    ),
    (
        "mysqldump -pX db > d.sql",
        "mysqldump -p[redacted] db > d.sql",
    ),
    (
        "/usr/bin/mysql -p db; mysql -P 3306",
        "/usr/bin/mysql -p db; mysql -P 3306",
    ),
    (
        "sh -c 'mysql -phunter2 db'",
        "sh -c 'mysql -p[redacted] db'",
    ),
    ("curl -u me:pw http://h/", "curl -u me:[redacted] http://h/"),
    (
        "curl -sume:pw -u me http://h:80/",
        "curl -sume:pw -u me http://h:80/",
    ),
    ("curl -ume:pw http://h/", "curl -ume:[redacted] http://h/"),
    ("curl -u 'me:p w' http://h/", "curl -u [redacted] http://h/"),
    (
        "curl --user me:pw --proxy-user=a:b u",
        "curl --user me:[redacted] --proxy-user=a:[redacted] u",
    ),
    (
        "curl -u \"me:$PW\" -u me:$PW u",
        "curl -u [redacted] -u me:$PW u",
    ),
    ("echo hunter2 | sudo -S id", "echo [redacted] | sudo -S id"),
    (
        "echo -n 'a b' c|sudo -kS -- id",
        "echo -n [redacted]|sudo -kS -- id",
    ),
    (
        "printf '%s\\n' pw | sudo --stdin id",
        "printf '%s\\n' [redacted] | sudo --stdin id",
    ),
    ("echo \"$PW\" | sudo -S id", "echo \"$PW\" | sudo -S id"),
    (
        "sh -c 'echo pw | sudo -S id'",
        "sh -c 'echo [redacted] | sudo -S id'",
    ),
    ("echo root:pw | chpasswd", "echo [redacted] | chpasswd"),
    (
        "echo pw | docker login --password-stdin h",
        "echo [redacted] | docker login --password-stdin h",
    ),
    (
        "echo on | sudo tee /f || sudo -S id",
        "echo on | sudo tee /f || sudo -S id",
    ),
    (
        "sshpass -p X ssh -p 22 h",
        "sshpass -p [redacted] ssh -p 22 h",
    ),
    ("sshpass -f /f ssh h", "sshpass -f /f ssh h"),
    (
        "redis-cli -h h -a X ping",
        "redis-cli -h h -a [redacted] ping",
    ),
    (
        "PGPASSWORD=X psql -p 5432",
        "PGPASSWORD=[redacted] psql -p 5432",
    ),
    (
        "wget --user me --password=X u",
        "wget --user me --password=[redacted] u",
    ),
    (
        "openssl rsa -passin pass:X -in k",
        "openssl rsa -passin pass:[redacted] -in k",
    ),
    (
        "openssl pkcs12 -passin pass:a -passout 'pass:b c'; openssl x -passin env:P",
        "openssl pkcs12 -passin pass:[redacted] -passout [redacted]; openssl x -passin env:P",
    ),
    (
        "docker login -u me -p X h",
        "docker login -u me -p [redacted] h",
    ),
    (
        "docker run -p 80:80 -u me:me nginx",
        "docker run -p 80:80 -u me:me nginx",
    ),
    (
        "ldapsearch -x -w X -b dc=a",
        "ldapsearch -x -w [redacted] -b dc=a",
    ),
    (
        "mkdir -p x; cp -u a b; tar -u -f t",
        "mkdir -p x; cp -u a b; tar -u -f t",
    ),
    (
        "ssh -p 22 h; scp -P 22 a h:b",
        "ssh -p 22 h; scp -P 22 a h:b",
    ),
    (
        "ps -u root -p 1; grep -a x f; ls -a",
        "ps -u root -p 1; grep -a x f; ls -a",
    ),
    (
        "apt-get -y install mysql-client -p2",
        "apt-get -y install mysql-client -p2",
    ),
];

#[test]
fn secrets_of_options_go_and_the_same_letters_elsewhere_stay() {
    for (typed, kept) in OPTIONS {
        assert_eq!(redact(typed), *kept);
        assert_eq!(redact(kept), *kept);
    }
}

/// Pieces that forms are made of, in any order.
fn command() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "PASSWORD",
        "token",
        "api_key",
        "KEY",
        "--password",
        "--secret",
        "sshpass",
        "mysql",
        "curl",
        "openssl",
        "echo ",
        "| sudo -S",
        "login",
        "docker",
        "-p",
        "-u ",
        "-passin ",
        "pass:",
        "=",
        ":",
        " ",
        "'",
        "\"",
        "\\",
        "$(",
        ")",
        "`",
        "$X",
        "${X}",
        "://",
        "@",
        "/",
        "a",
        "b c",
        "\n",
        ";",
        "Authorization",
        "AKIAIOSFODNN7EXAMPLE",
        "-----BEGIN PRIVATE KEY-----",
        "-----END PRIVATE KEY-----",
        "-----",
        MARK,
        "[",
        "redacted]",
        "é",
        "{",
        "}",
        ",",
        ".",
        "_",
        "-",
        "sk-aaaaaaaaaaaaaaaaaaaaaaaa",
    ]);
    prop::collection::vec(pieces, 0..24).prop_map(|pieces| pieces.concat())
}

/// A secret that stands in no form by itself.
const CANARY: &str = "hunter2canary";

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    #[test]
    fn redacting_twice_is_redacting_once(text in command()) {
        let once = redact(&text);
        prop_assert_eq!(redact(&once), once);
    }

    #[test]
    fn any_text_is_taken(text: String) {
        let once = redact(&text);
        prop_assert_eq!(redact(&once), once);
    }

    #[test]
    fn no_value_of_a_secret_name_stays(
        prefix in "[a-z ]{0,12}",
        name in "[A-Z_]{0,4}(PASS|TOKEN|SECRET|KEY)[A-Z_]{0,4}",
        quote in prop::sample::select(vec!["", "'", "\""]),
        suffix in "[a-z ;|]{0,12}",
    ) {
        let typed = format!("{prefix} {name}={quote}{CANARY}{quote}{suffix}");
        prop_assert!(!redact(&typed).contains(CANARY), "{}", typed);
        let typed = format!("{prefix} {quote}{name}={CANARY} {CANARY}{quote} {suffix}");
        let left = redact(&typed).matches(CANARY).count();
        prop_assert_eq!(left, usize::from(quote.is_empty()), "{}", typed);
    }
}
