/** The passwords that guessers try first, offline: those of eight characters and more, which the length rule lets through. */

const COMMON: ReadonlySet<string> = new Set(
  `
  12345678 123456789 1234567890 12345678910 123123123 11223344 1122334455 87654321 987654321 9876543210 123454321
  12341234 12344321 123321123 123456123456 12345678a 123456789a a12345678 a123456789 a1b2c3d4 a1b2c3d4e5 1a2b3c4d
  abc12345 abc123456 abc123abc abcd1234 abcd12345 abcdefgh abcdefg1 abcdefghi aa123456 aa12345678 asdf1234 asdfasdf
  asdfghjk asdfghjkl asdfjkl1 asdfjkl; qwer1234 qwerasdf qwerty12 qwerty123 qwerty1234 qwerty12345 qwerty123456
  qwertyui qwertyuiop qwertyuiop[] qwertz123 qwertzui qazwsxedc qazwsx123 qaz123wsx 1qaz2wsx 1qaz2wsx3edc 1q2w3e4r
  1q2w3e4r5t 1q2w3e4r5t6y q1w2e3r4 q1w2e3r4t5 zaq12wsx zaq1zaq1 zxcvbnm1 zxcvbnm123 zxcvbnm, zxcv1234 poiuytrewq
  password passw0rd p@ssw0rd p@ssword password1 password12 password123 password1234 password12345 password123456
  password! password1! password@1 password01 password2 password3 password99 passwort passwort1 passwort123 passwords
  passpass pass1234 pass12345 pass@123 pass@word1 p@ssw0rd1 p@ssw0rd123 p@55w0rd pa55word pa55w0rd mypassword mypass123
  thepassword newpassword oldpassword yourpassword nopassword passphrase wordpass drowssap
  iloveyou iloveyou1 iloveyou2 iloveyou! iloveu123 ilovehim ilovegod iloveme1 loveyou1 lovelove lovely123 mylove123
  sunshine sunshine1 princess princess1 football football1 baseball baseball1 basketball basketball1 softball volleyball
  superman superman1 batman123 spiderman spiderman1 starwars starwars1 pokemon1 pokemon123 michael1 michelle michelle1
  jennifer jennifer1 jonathan jordan23 jessica1 elizabeth victoria patricia samantha samantha1 nicholas anthony1
  charlie1 charlie123 danielle alexander alexandra alexander1 benjamin brittany catherine chelsea1 christian
  christina christine christopher cristina gabriela gabriel1 isabella stephanie sebastian veronica valentina
  welcome1 welcome12 welcome123 welcome01 welcome! welcome@1 letmein1 letmein123 letmein! letmein12 trustno1 whatever
  whatever1 computer computer1 internet internet1 internet123 samsung1 samsung123 motorola blackberry microsoft windows10
  admin123 admin1234 admin12345 admin123456 admin@123 adminadmin administrator administrator1 root1234 rootroot toor1234
  changeme changeme1 changeme123 change123 default1 default123 secret123 secretsecret supersecret topsecret guest123
  guestguest test1234 test12345 test123456 testtest testing1 testing123 tester123 demo1234 demodemo temp1234 temporary
  user1234 username username1 hello123 hello1234 hellohello helloworld hello12345 master123 masterkey monkey123 monkey12
  dragon123 dragon12 shadow123 shadow12 ashley123 bailey123 buster123 hunter123 hunter22 killer123 soccer123 soccer12
  hockey123 ranger123 tigger123 ginger123 pepper123 cookie123 summer123 summer2020 summer2021 summer2022 summer2023
  summer2024 summer2025 winter123 winter2020 winter2021 winter2022 winter2023 winter2024 winter2025 spring2023
  spring2024 spring2025 autumn2023 autumn2024 autumn2025 january1 february september september1 november december
  liverpool liverpool1 arsenal1 arsenal123 chelsea123 barcelona barcelona1 realmadrid juventus manchester manunited
  corvette mercedes mustang1 porsche1 ferrari1 lamborghini yamaha123 harley123 harleydavidson mercedes1
  butterfly butterfly1 blink182 metallica nirvana1 slipknot eminem123 greenday rockstar rockstar1 superstar superstar1
  marlboro budweiser babygirl babygirl1 babyboy1 sweetheart sweetie1 angel123 angels123 blessed1 jesus123 jesuschrist
  christ123 godisgood ilovejesus heaven123 forever1 forever21 diamond1 diamonds midnight midnight1 rainbow1 rainbow123
  cheese123 chocolate chocolate1 strawberry snickers buttercup pineapple watermelon vanilla1 peaches1 pumpkin1 pumpkin
  elephant dolphins dolphin1 scorpion panther1 kittykat kitty123 doggies1 mickey123 mickeymouse minnie123 tinkerbell
  scoobydoo spongebob spongebob1 garfield1 pussycat fuckyou1 fuckyou2 fuckyou! fuckyou123 fuckfuck asshole1 bullshit
  letmeinplease opensesame openup123 access14 access123 accessgranted login123 loginlogin signin123 security security1
  matrix123 hacker123 hackhack number1! numberone numberone1 onetwothree 11111111 111111111 1111111111 00000000
  000000000 0000000000 22222222 33333333 44444444 55555555 66666666 77777777 88888888 888888888 99999999 999999999
  12121212 21212121 10203040 102030405060 147258369 159357456 159753456 147852369 741852963 789456123 789456123a
  963852741 456789123 1234qwer 1234abcd 12345qwert 12345abc 123456abc 123456qwe 123qweasd 123qwe123 123qweasdzxc
  123abc123 q1q1q1q1 w1w2w3w4 zzzzzzzz aaaaaaaa abababab abcabcabc abcdabcd abcd1234! 1password holdfast holdfast1
  holdfast123 correcthorsebatterystaple correct-horse-battery-staple
  `
    .split(/\s+/)
    .filter((word) => word !== ''),
);

/** Whether the password, whatever its case, is one of them. */
export function isCommonPassword(password: string): boolean {
  return COMMON.has(password.toLowerCase());
}
