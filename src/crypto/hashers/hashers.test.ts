import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { Secret } from '../secret.ts'
import { compareEncoded, encodings, refusalOfHash } from './index.ts'
import { hmacMd4, md4 } from './md4.ts'

const password = 'correct horse 4 staples'

/** All of this password, made by other programs. */
const hashes = [
  '$2a$04$foqaadDRtkbe6vYDV2oymOr8vAeo3UK0ORC0Ep6Ntj64IBo/h6r42',
  '$2b$05$DoujQ10MjDcaAqxhJ1qZVuGMe3pTVDr16grCvh38TH1HCvyOcPwM.',
  '$2y$04$cFOu3BdIDoA0fQU8Q/boUep3L7oUl8FE81cGfat2OfPMemDLU0GNa',
  '$2z$04$BtJdcZn.B9rOlSfdmZZRleCwFjiF6T.V/3QXzF0sRfDtlANf8U2UW',
  '$2$04$VleF.cUBvGIn1duIrVTUh.MhVn3A2OOARLio6AZP/1dSin9/K.jcm',
  '$argon2id$v=19$m=512,t=1,p=1$VNhQyhbw66QJZOitbVhv5Q$8L/pmnvTn9U46tK2l2buSCSSBVJjqf8YB26pT3smuQY',
  '$argon2id$v=19$m=1024,t=2,p=2$WZwtrZx2kffTm0ROqcQvSmf05QHkMsL2$VWmWt3cHuXVdfThYq3Qkd+cgMgYNpiTyEUo0oMk5PQskVnoCkeNAXtAghEZCz/m+o/KsqmmU/QVEDzRBtsR9lw',
  '$argon2i$v=19$m=512,t=2,p=1$cpirfqVIe9Up3crBOXoHCA$lBQm+22OFG+TTt7ZnppSdssiJCI6fTZuadA0fwErjhg',
  '$pbkdf2-sha1$i=1000,l=32$gN2Q6Gj2ID1ZaGHrg5ds8Q$G2cyW0l6X4iqEib8q5EgwpZGwT2VnC/c33ILd5Z7hxU',
  '$pbkdf2-sha224$i=1000,l=32$RBfMdZxNhW+hLYfo1XCBKw$xrbwdZv3U0veuf9bUFHnSg4HBwgyZw90B6rBc2mapfs',
  '$pbkdf2-sha256$i=1000,l=32$xVsE3U67uvJp5zFOAdGPqg$nXEliu6HrtrNTS3XwQMIlwEujgsbIzJ4sWadUvNvFzo',
  '$pbkdf2-sha384$i=1000,l=32$+DmNtfJGHu/LrdOMYdI6bA$AVgF0l36ySeDHXGzeZgYlDagT7shAZ+tb2Jf1FZrX+M',
  '$pbkdf2-sha512$i=1000,l=32$XDyICLEdyYI9rvajTDz4EQ$4IIUCGahIT+MbXNLqB51ePiQUt/Dq/OzKdc2WX2De+w',
  '$pbkdf2-sha999$i=1000,l=32$bTmgO1VMGnJRqkR1RKTbuw$fw1WdKyq09FjVipCW2b4A0SV7NJ3+bgVIUkTJZOipdE',
  '$pbkdf2-sha256$i=1000,l=64$3dSlqe7665UlhhKBkDIl4w$eMU+hSo1aZlsGkP+40bgFKDWgxY',
  '$scrypt$ln=1024,r=8,p=1$J7W/gTo9rvC4J+Ddg9PNnw==$rR2UIExSyHk6z0zL/p7xHLsdfcXpQ6bZ1J88wnooaZY=',
  '$firescrypt$ln=10,r=8,p=1$xlXq0jSZabO6UWtK$b9c9HpsuTMgUduwazpW2WatUhvdE41IXsVWUjfbR/RZXQu7s7Mm8pgQo/oQaxVsPPrjw1HqyLIfyauQa8pErqw==$Cgs=$4VkFdzDDiZTeF6QEjXNAahBric9dIXPIB/7EqodcpkK9LL33H4QaBV4sRC8BW+XZ1crQ25VLImLS6J7SrjnlkQ==',
  '$md5-crypt$Gm7cuO.k$I9AHFNCS0CAH8pcvSsrB60',
  '$sha256-crypt$rounds=1000$Nea9daE7A5jIHc5r$8wakyzui5TXlPucar8/tFAp8SadLNoq3eES7PcbtId1',
  '$sha512-crypt$rounds=1000$fAc/AciYCEuh9lyK$U31eR3wO29WdnVkcemczmY7jYjo.cNouGfPZWnd3QcZTXnB8laAAiV51HMBjdVl3gXGamvFoIZ/iP8jWXyk5K/',
  '$sha256-crypt$E.jEsVG6RO39f2ZG$0o7kyBs4DzthGrvDWz1CgLHr.sBePxguNsYiiNEbVP6',
  '$sha512-crypt$ueZIKTO6ZhuIUGRh$v6d24MQ/xcCFGsSNIT/cLmSxUC7gN70Qx.PP2Zauff.3h9P1fCODdKn0JahZcTgLS7u.K3r3WQ/E4K.8wyvSW0',
  '{SSHA}Jxyq2l/MaCaKhgbXlZxgPkvIyN7JZVpH+sFW/w==',
  '{SSHA256}A0B2eOMOSyF4qNatumcLHvlJ7+PM0QrUhyOG7kKhZZpMJKJ/SVKClcwMeIneNgf7',
  '{SSHA512}ta0d8P/klEWlfxUfcyzj4Zz0TbIT16a/tR3w6wZ3UDILCXXkTJHfOHoepQUG1Y4rHoCsG0W/KwsbwGLi2/sKvuIh+urRb1G5RUIN7w==',
  '$sha1$pf=e1NBTFR9e1BBU1NXT1JEfQ==$eHFtWjRxT0FlSk5i$7eRLuAkOOaNY6iimuzM5G967YY8=',
  '$sha256$pf=e1BBU1NXT1JEfSQke1NBTFR9$eFBiTmZqUjJsWVgy$+KTb0HGuC4ksweE95zqxRh6yvtLxvu2/ZkyhC6XnArs=',
  '$sha512$pf=e1NBTFR9e1BBU1NXT1JEfQ==$Sk11Q1QxOVNDZmhv$hsHkm5Ty7Ntxo7cIE0f8nUblPjkk/pisrpkQzylipmIRhVeKKs+W4eTKvLEP508wU1Zbbp/uB1CuAOsfW5hW3g==',
  '$md5$KyU+UtKkTBT3LzVBX1bcpg==',
  '$md5$pf=e1NBTFR9OntQQVNTV09SRH06e1NBTFR9$dC9URjdPT0k=$o3XPhBuR2YoojrAnuscTGA==',
  '$hmac-md4$ZjY3MjhkODE2MzZmNGQwNjEzNzhlMWExZDQwMzgwOTU=$s3tga8AlNA4W+GzML+9PyOi2+3A=',
  '$hmac-md5$ZTQ5YzgyODU4ZDk4MmE2ZTU3ZDJiODJhY2ZmOWY1YzM=$cBNbWOx6E+2JOd0Sep8S+l5brOc=',
  '$hmac-sha1$MzYxYjAyMDNlNTFjYWQ1MzEwZWFjYzk4ODRkODU3MmM1Y2JlYmJjNw==$QdtSJbbNVvcYfyXgX00pRQBNKmI=',
  '$hmac-sha224$YzE2NDFlMDA4NTQzYTRjZTUxYjg3ZTFhM2ZjOTQ1ZmM1ODZhN2U0N2RlMjNiMjdhOGE2Y2Q2NDY=$GK8hcKU5lsJgdaLDSJi2xeWFZHU=',
  '$hmac-sha256$NWY0NWMzYTJiYTJmZmNjYTJhMDZjOTg3NTc5OTgxYjdhMWM3YzEwMDZhNDE3OGQxMGM2YzliNjUzNDgxNDNjZg==$nyaJbIq750uxF5C1XTRoFJnsSQA=',
  '$hmac-sha384$ODE3MmMwMmI4MmRiYmQ3ODcxMzdlNzE3ZWVhNzkzMTA4Mzg4NDY0OTdkNDIxMzcyYjJjZDFjZjEwNWM5MmJhYzAzYjdiNTQ4NWE4MDYyMmIzNWM4YjRkZDc3MDA5MzMy$Z5QUTxsG4MBR+y0RW4MmvuiJRBo=',
  '$hmac-sha512$ZjY5NWFmOGIwNjIxOWZmZTUyMGI0ZTA5MjMyOTY1MjJkMWVkZGJiODJiMWQ5ZDA5MTg1MmViNzgxMGNhMzI3OTk2ZGU1ODU3ZDk4ZTMyM2UyNjMxMjI1MjM2OWM1YzcwM2Y0ZWY1YTY3MjE3ZTg4MzliYjVkNGI3MGIxZDRiMTU=$FWFrsdxRjaVxwzbzAMROj9JwWYo=',
  '$2a$04$abcdefghijklmnopqrstuuIkFwG7Vkfq1i4i0OMcrXKf4bjQeT7IG',
  '$2b$04$abcdefghijklmnopqrstuuIkFwG7Vkfq1i4i0OMcrXKf4bjQeT7IG',
  '$2y$04$abcdefghijklmnopqrstuuIkFwG7Vkfq1i4i0OMcrXKf4bjQeT7IG',
  '$argon2id$v=19$m=4096,t=1,p=1$c29tZS1yYW5kb20tc2FsdA$pC5cSjHEUuc0b0ngFrFcaFFtz0hsGLV7VMhVMtxaKt8',
  '$argon2i$v=19$m=4096,t=2,p=1$c29tZS1yYW5kb20tc2FsdA$FH4rv030SL6H6pjsDM0YHpOYrXAM+T2mBXF9LsBnwB0',
  '$pbkdf2-sha1$i=1000,l=32$c29tZS1yYW5kb20tc2FsdA$wqe6uKdNiGaT2OWBQsELlPudr/mvjWrpS2uEjUkh/dA',
  '$pbkdf2-sha224$i=1000,l=32$c29tZS1yYW5kb20tc2FsdA$I6Hjhf5TAAhMJI7s6ErztyFv09eEP7nIGd2ashP9ZJY',
  '$pbkdf2-sha256$i=1000,l=32$c29tZS1yYW5kb20tc2FsdA$gc8F0jxyzF27kuhyFp6uRHp00cOwCrm26PUMXAhEZWk',
  '$pbkdf2-sha384$i=1000,l=32$c29tZS1yYW5kb20tc2FsdA$OhXFuJuGEJ95pbxH5YgGMet5+lRFi7a4xqBMlKAGXEI',
  '$pbkdf2-sha512$i=1000,l=32$c29tZS1yYW5kb20tc2FsdA$ko+JQkxFlK+dKQsNRCXa4Uf+lABR7khOEaxc9jvTJtQ',
  '$scrypt$ln=16384,r=8,p=1$c29tZS1yYW5kb20tc2FsdA==$R0l3qh5C/cb3UOMwYKbn+PZW6h6ApuWSR7/olIrGFoo=',
  '$firescrypt$ln=14,r=8,p=1$c29tZS1yYW5kb20tc2FsdA==$NuKj0wy+PGQF09ZIgq5jz8Q3BXybqiiKI9MF3pwACsVwUMRl8vIOYkUjEZVvlAIy8EvWd6Mz1pM931X+bS+5vg==$Bw==$MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWYwMTIzNDU2Nzg5YWJjZGVmMDEyMzQ1Njc4OWFiY2RlZg==',
  '$sha1$pf=e1NBTFR9LXtQQVNTV09SRH0=$c29tZS1yYW5kb20tc2FsdA==$3CS8IVvMsteoNHl96iem6sdQ80E=',
  '$sha256$pf=e1NBTFR9LXtQQVNTV09SRH0=$c29tZS1yYW5kb20tc2FsdA==$lPGOHIFkn6wOnnZas6ygjJC5swq7LavwDPhGj77A/Ug=',
  '$sha512$pf=e1NBTFR9LXtQQVNTV09SRH0=$c29tZS1yYW5kb20tc2FsdA==$zOk+WKZ9UwtNrVoDe0ZvV8utAluWZ1Wl8LFgto6CN58Kk7PxDmSnrEmox46YhfpBzWBuVUO85/+voR3ZiH6Msw==',
  '{SSHA}X6rc+HNgCf0b6cfHrUwL7o/91qpzb21lLXJhbmRvbS1zYWx0',
  '{SSHA256}/3gZdSjP4Dy1rCP8BCdrZaXzq0gvYF/DYmKnBtWoovdzb21lLXJhbmRvbS1zYWx0',
  '{SSHA512}IF1fZO7gPiP54P1WHX4Pbkz2tkwVPH/7e8AsBxVOw+5qKpurohcVYg2kuywcQ0JaGVkY/DcvBP/NYnzqsHsAd3NvbWUtcmFuZG9tLXNhbHQ=',
  '$md5$KyU+UtKkTBT3LzVBX1bcpg==',
  '$md5$pf=e1BBU1NXT1JEfTp7U0FMVH0=$c29tZS1yYW5kb20tc2FsdA==$UH+b1JhRVDnba4qP/+HY+Q==',
  '$md5-crypt$saltsalt$6Mc6L8qD/P0VHrQxK3gBS0',
  '$sha256-crypt$saltsaltsalt$lHXtWgPB.I4lqxi5z9lGFL0.SThRCrrO5t.OoLnZ8/4',
  '$sha256-crypt$rounds=1000$saltsaltsalt$1D3.7SItYdN7A2xf5s0pdPnqwseUbedJNKYiCbdnPH0',
  '$sha512-crypt$rounds=1000$saltsaltsalt$CUgED6HnhUik8YAxnuE8pPjdqXmj6TUzf7H0b1B4UT0ZPtGD/ucYNsCcmCtrBfiID8/QzeUd8t7QbvMhuJo1x0',
  '$hmac-md5$MzM4NDI3MDU2YWFlNmNkYThmN2NhNzBlMTQwMzJkNDk=$dGhlIGtleQ==',
  '$hmac-sha1$YjU5ZDkxZTNlZGMyZmRiOTliNTZiODE4ZGI1MjRiZGNiN2NjMWFhNQ==$dGhlIGtleQ==',
  '$hmac-sha256$Y2FmMTNjZWEzNDcwZDk1YjNjZTllNDBlMzNmMWZiNjNmNmYxMTVkYzJlMWVlOGY0MzJhNDI2Mjg2MTQ1YTk2Yw==$dGhlIGtleQ==',
  '$hmac-sha512$NzgyZTY4NmRiZWQzOWQ5Njc5OGE0NDQ3NGJjNWNhNjQ1ODhhOTNlN2U4Y2UxY2QwMGMxZDY1NDhlNWE3OTMxMzQ3MjM2MTg1NDVlNWZkMzI2YWU0NzNlMWRlYmEzNjFkOTA5MWJkN2I2NWQxNzRjZWY5MzMxM2EzMWQzOWY4OTY=$dGhlIGtleQ==',
]

const compare = (text: string, encoded: string) => compareEncoded(new Secret(text), encoded)

for (const encoded of hashes) {
  test(`${encoded.slice(0, 40)} fits its password and no other`, async () => {
    assert.equal(refusalOfHash(encoded), undefined)
    assert.equal(await compare(password, encoded), true)
    assert.equal(await compare(password.slice(1), encoded), false)
    assert.equal(await compare('', encoded), false)
    assert.equal(await compare(`${password}\0x`, encoded), false)
  })
}

test('crypt(3) hashes are those of the GNU C library', async () => {
  const vectors: [string, string][] = [
    // The first six are in https://www.akkadia.org/drepper/SHA-crypt.txt
    ['Hello world!', '$sha256-crypt$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5'],
    ['Hello world!', '$sha256-crypt$rounds=10000$saltstringsaltstring$3xv.VbSHBb41AL9AvLeujZkZRBAwqFMz2.opqey6IcA'],
    [
      'we have a short salt string but not a short password',
      '$sha256-crypt$rounds=77777$short$JiO1O3ZpDAxGJeaDIuqCoEFysAe1mZNJRs3pw0KQRd/',
    ],
    [
      'the minimum number is still observed',
      '$sha256-crypt$rounds=10$roundstoolow$yfvwcWrQ8l/K0DAWyuPMDNHpIVlTQebY9l/gL972bIC',
    ],
    [
      'Hello world!',
      '$sha512-crypt$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1',
    ],
    [
      'we have a short salt string but not a short password',
      '$sha512-crypt$rounds=77777$short$WuQyW2YR.hBNpjjRhpYD/ifIw05xdfeEyQoMxIXbkvr0gge1a1x3yRULJ5CCaUeOxFmtlcGZelFl5CxtgfiAc0',
    ],
    [
      '',
      '$sha512-crypt$rounds=1000$ab$ibFMAI/Igw53aVaJxJu4wwQmU0jF8lxiKV6mtjRJmbxKnzQU8fIizULiJeSfGn7H54dbRhqwIBpklchs8nlWi.',
    ],
    ['', '$sha256-crypt$rounds=1000$ab$Yd3BaIOVbovC2OGzlWXH53yhcyaWZscnPjMwuHC/2t3'],
    ['', '$md5-crypt$ab$rn6aQS/o7141mj179E/zA.'],
    ['pässword'.repeat(9), '$md5-crypt$abcdefgh$CCLqf2qadv/uQDJjhgAzR/'],
    [
      'pässword'.repeat(9),
      '$sha512-crypt$rounds=1234$abcdefgh$e6K2qj9z.LFha/BbbzcjFc.kxiJ8NpT9VCs6wU3mwKYX3lA0EAnCSnPYMARvyxHo0eGkVtgZ9QrHHrV1ZFLSK.',
    ],
  ]
  for (const [text, encoded] of vectors) assert.equal(await compare(text, encoded), true, encoded)
})

const hex = (text: string) => md4(Buffer.from(text)).toString('hex')

test('MD4 gives the results of RFC 1320, and its HMAC pads and shortens keys', () => {
  assert.equal(hex(''), '31d6cfe0d16ae931b73c59d7e0c089c0')
  assert.equal(hex('abc'), 'a448017aaf21d8525fc10ae87aa6729d')
  assert.equal(
    hex('12345678901234567890123456789012345678901234567890123456789012345678901234567890'),
    'e33b4ddc9c38f2199c3e7b164fcc0536',
  )
  const long = Buffer.alloc(65, 'k')
  assert.deepEqual(hmacMd4(long, Buffer.from('x')), hmacMd4(md4(long), Buffer.from('x')))
})

test('formats that are not known are refused, spelling and place of the prefix included', async () => {
  for (const encoded of [
    '',
    'plain text',
    '$unknown$abc',
    '$1$Gm7cuO.k$I9AHFNCS0CAH8pcvSsrB60',
    '$5$rounds=1000$salt$hash',
    '$6$salt$hash',
    '$apr1$salt$hash',
    '$argon2d$v=19$m=512,t=1,p=1$c2FsdHNhbHQ$aGFzaA',
    '{SHA}hash',
    '{ssha}hash',
    '{SSHA384}hash',
    '$2c$04$foqaadDRtkbe6vYDV2oymOr8vAeo3UK0ORC0Ep6Ntj64IBo/h6r42',
    '$2x$04$IBaHKg27bY1tqJV5Y06eDuydS4bn8CPOGEjQmITkQbppECPgixSA2',
    '$PBKDF2-sha256$i=1,l=1$c2FsdA$aGFzaA',
    '$pbkdf2-md5$i=1,l=1$c2FsdA$aGFzaA',
    '$pbkdf2-sha5120$i=1,l=1$c2FsdA$aGFzaA',
    '$sha224$x',
    '$hmac-sha3$x$y',
    ' $2a$04$foqaadDRtkbe6vYDV2oymOr8vAeo3UK0ORC0Ep6Ntj64IBo/h6r42',
    `$md5$${'A'.repeat(5000)}`,
  ]) {
    assert.match(refusalOfHash(encoded) ?? '', /no format that this server knows/, encoded)
    assert.equal(await compare(password, encoded), false)
  }
})

const salt = 'c2FsdHNhbHRzYWx0c2FsdA'
const key = 'aGFzaGhhc2hoYXNoaGFzaGhhc2hoYXNoaGFzaGhhc2g'

test('parameters that cost too much, or nothing, are refused and never computed', async () => {
  for (const [encoded, parameter] of [
    ['$2a$16$foqaadDRtkbe6vYDV2oymOr8vAeo3UK0ORC0Ep6Ntj64IBo/h6r42', 'cost=16'],
    [`$argon2id$v=19$m=1048577,t=1,p=1$${salt}$${key}`, 'm=1048577'],
    [`$argon2id$v=19$m=0,t=1,p=1$${salt}$${key}`, 'm=0'],
    [`$argon2id$v=19$m=512,t=11,p=1$${salt}$${key}`, 't=11'],
    [`$argon2i$v=19$m=512,t=1,p=17$${salt}$${key}`, 'p=17'],
    [`$argon2id$v=19$m=15,t=1,p=2$${salt}$${key}`, 'm=15'],
    [`$pbkdf2-sha256$i=10000001,l=32$${salt}$${key}`, 'i=10000001'],
    [`$pbkdf2-sha256$i=0,l=32$${salt}$${key}`, 'i=0'],
    [`$scrypt$ln=131073,r=8,p=1$${salt}==$${key}=`, 'ln=131073'],
    [`$scrypt$ln=1024,r=9,p=1$${salt}==$${key}=`, 'r=9'],
    [`$scrypt$ln=1024,r=8,p=11$${salt}==$${key}=`, 'p=11'],
    [`$firescrypt$ln=18,r=8,p=1$${salt}==$${key}=$Cgs=$${key}=`, 'ln=18'],
    [`$firescrypt$ln=10,r=0,p=1$${salt}==$${key}=$Cgs=$${key}=`, 'r=0'],
    [`$sha256-crypt$rounds=1000001$salt$${'a'.repeat(43)}`, 'rounds=1000001'],
  ] as const) {
    assert.ok(refusalOfHash(encoded)?.includes(parameter), encoded)
    assert.equal(await compare(password, encoded), false)
  }
})

test('malformed hashes of the formats with parameters are refused', async () => {
  for (const encoded of [
    '$2a$',
    '$2a$xx$foqaadDRtkbe6vYDV2oymOr8vAeo3UK0ORC0Ep6Ntj64IBo/h6r42',
    '$2a$04$foqaadDRtkbe6vYDV2oymOr8vAeo3UK0ORC0Ep6Ntj64IBo/h6r42a',
    '$argon2id$v=18$m=512,t=1,p=1$VNhQyhbw66QJZOitbVhv5Q$8L/pmnvTn9U46tK2l2buSCSSBVJjqf8YB26pT3smuQY',
    '$argon2id$v=19$m=512,t=1$VNhQyhbw66QJZOitbVhv5Q$8L/pmnvTn9U46tK2l2buSCSSBVJjqf8YB26pT3smuQY',
    '$argon2id$v=19$t=1,m=512,p=1$VNhQyhbw66QJZOitbVhv5Q$8L/pmnvTn9U46tK2l2buSCSSBVJjqf8YB26pT3smuQY',
    '$argon2id$v=19$m=512,t=1,p=1$VNhQyhbw66QJZOitbVhv5Q==$8L/pmnvTn9U46tK2l2buSCSSBVJjqf8YB26pT3smuQY=',
    '$argon2id$v=19$m=512,t=1,p=1$VNhQyhbw66QJZOitbVhv5Q',
    '$argon2id$v=19$m=512,t=1,p=1$VNhQyhbw66QJZOitbVhv5Q$',
    '$argon2id$v=19$m=512,t=1,p=1$c2FsdA$8L/pmnvTn9U46tK2l2buSCSSBVJjqf8YB26pT3smuQY',
    `$argon2id$v=19$m=512,t=1,p=1$VNhQyhbw66QJZOitbVhv5Q$${'A'.repeat(180)}`,
    '$pbkdf2-sha256$i=x,l=32$xVsE3U67uvJp5zFOAdGPqg$nXEliu6HrtrNTS3XwQMIlwEujgsbIzJ4sWadUvNvFzo',
    '$pbkdf2-sha256$i=1000,l=32$xVsE3U67uvJp5zFOAdGPqg==$nXEliu6HrtrNTS3XwQMIlwEujgsbIzJ4sWadUvNvFzo=',
    '$pbkdf2-sha256$i=1000,l=32$xVsE3U67uvJp5zFOAdGPqg$',
    `$pbkdf2-sha256$i=1,l=32$xVsE3U67uvJp5zFOAdGPqg$${'A'.repeat(180)}`,
    '$scrypt$ln=1024,r=8,p=1$J7W/gTo9rvC4J+Ddg9PNnw$rR2UIExSyHk6z0zL/p7xHLsdfcXpQ6bZ1J88wnooaZY',
    '$scrypt$ln=1024,r=8$J7W/gTo9rvC4J+Ddg9PNnw==$rR2UIExSyHk6z0zL/p7xHLsdfcXpQ6bZ1J88wnooaZY=',
    '$firescrypt$ln=10,r=8,p=1$xlXq0jSZabO6UWtK$b9c9$Cgs=',
  ]) {
    assert.equal(typeof refusalOfHash(encoded), 'string', encoded)
    assert.equal(await compare(password, encoded), false, encoded)
  }
})

test('hashes of the formats without parameters are taken on their prefix, but fit no password when malformed', async () => {
  const digest = createHash('md5').update('fixed').digest('base64')
  for (const encoded of [
    '$md5$',
    '$md5$***',
    '$sha256$nothing',
    '{SSHA}***',
    `{SSHA}${createHash('sha1').update(password).digest('base64')}`, // no salt
    '$hmac-sha256$x',
    '$hmac-sha256$$a2V5',
    '$sha512-crypt$x',
    '$md5-crypt$salt$',
    '$scrypt$ln=1000,r=8,p=1$J7W/gTo9rvC4J+Ddg9PNnw==$rR2UIExSyHk6z0zL/p7xHLsdfcXpQ6bZ1J88wnooaZY=',
    '$scrypt$ln=1,r=8,p=1$J7W/gTo9rvC4J+Ddg9PNnw==$rR2UIExSyHk6z0zL/p7xHLsdfcXpQ6bZ1J88wnooaZY=',
    `$md5$pf=${Buffer.from('fixed').toString('base64')}$$${digest}`, // a template without the password
  ]) {
    assert.equal(refusalOfHash(encoded), undefined, encoded)
    assert.equal(await compare(password, encoded), false, encoded)
    assert.equal(await compare('', encoded), false, encoded)
  }
})

test('what stands in a password is never taken for a placeholder of the template', async () => {
  const template = Buffer.from('{PASSWORD}:{SALT}').toString('base64')
  const of = (text: string) =>
    `$sha256$pf=${template}$${Buffer.from('salt').toString('base64')}$${createHash('sha256').update(text).digest('base64')}`
  assert.equal(await compare('{SALT}$&', of('{SALT}$&:salt')), true)
  assert.equal(await compare('{SALT}', of('salt:salt')), false)
})

test('bcrypt does not compare what it would cut off', async () => {
  const full = 'x'.repeat(72)
  const encoded = '$2b$04$abcdefghijklmnopqrstuu'
  const { default: bcrypt } = await import('bcrypt')
  const hash = await bcrypt.hash(full, encoded)
  assert.equal(await compare(full, hash), true)
  assert.equal(await compare(`${full}x`, hash), false)
})

test('a bcrypt salt whose last letter carries needless bits is read like any other', async () => {
  const { default: bcrypt } = await import('bcrypt')
  const hash = await bcrypt.hash(password, '$2b$04$abcdefghijklmnopqrstuu')
  assert.equal(await compare(password, hash.replace('rstuu', 'rstuv')), true)
})

test('a password of kilobytes does not make crypt(3) work for seconds', async () => {
  const start = performance.now()
  assert.equal(
    await compare(
      'x'.repeat(200_000),
      hashes.find((hash) => hash.startsWith('$sha512-crypt$'))!,
    ),
    false,
  )
  assert.ok(performance.now() - start < 1000)
})

test('each prefix belongs to one row', () => {
  for (const encoded of hashes) assert.equal(encodings.filter(({ prefix }) => prefix.test(encoded)).length, 1)
})
