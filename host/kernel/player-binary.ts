/** What plays recordings as text, made by compile.ts from player.ts: `npm run kernel`. */

export const playerBinary = {
  player:
    "#}*}<}6$###$J*})$}H$}H})%}H}H$}H})##})#$}H})$}H#})(}H}H}H}H}H$}H})'}H}H}H}H#%}6)'}0}*}=}.,}1}8}<}=Q},}*}5}5#%'" +
    "}0}*}=}..}=}*}9}.Q}*}7}<}@}.};##'}0}*}=}.1}=}*}9}.Q}6}.}*}7}@}1}2}5}.#%)}4}.};}7}.}5)}6}.}6}8};}B%#$(}0}>}.}<}" +
    "=)}6}.}6}8};}B%##)}4}.};}7}.}5(}=}>};}7}<$}9##&76)%&'&%&&##$#%(#($$$'($}9$(()=(}H$d#.}H$d#.}H$d#.}H$d#.}H$d#.*" +
    "}A0(}0}>}.}<}=$$'}8}9}.}7#&.}/}8};}0}.}=l}=}.}6}<#'+}9}8}<}2}=}2}8}7#('}<}.}.}4#)*}+};}8}>}0}1}=#*,},}8}>}7}=l" +
    "}=}.}6#+'}9}5}*}B#0'}<}.}7}-#3*};}.}:}>}.}<}=#5*}6}8}7}2}=}8};#6'}5}2}7}4#7)}>}7}5}2}7}4#8-}^965#C#G#C$G$C%G%C" +
    "&G&.)#d#G&.'#F$.)#C#G$.'#F&.,#F&d$}3G&.r$&}H&cC#dFk'cF$F%l'cF$Pc$#D%F$d$}3G$C$C%d~n#}:C#}=};D$C%d}I$l'cC$2.C#d" +
    "*}3D#/%...d$G'd#.?$$}H3,E#d$}:'}HC#d$}?d}H}<(C#d$}?..C$$}H&cC#d$C$d)}3}=m'cC$d$}3D$/$..C$.}f%$'}HC#d%}=d~/0}3E" +
    "%K%#E$h'c%}HC#d$}3D$&cC$d5k'}HC$d%}=d~/0}3K%#(d$.h'cC$d$}3D$/$..C$d5k'cC$d%}=d~/0}3E&K%#D%C&C%K%#Y%#(d#%}Hd#d_" +
    "K%#E%d$d.C#C#d.o>E$d)}3}=}3E&C%l0#=d#C&d3}?b#}4E'd#m'}Hb#d&}>C'}3c#d}Hj(d$.'}Hd$(C'c#d}Hj.h0#=d_C&Y%#C%.E%h0$=" +
    ".&cC#C$k'cd$C$d$}4E$d)}3}=C%}3E&C$d%}=d~/0}3E'K%#Y%#C'C&Y%#/$..C%.2.C%C$K%#Y%#C$.}W2$3}H&cF$F%lC#d#m}:'cF$Pc$#" +
    "E*d$i'cC#d$}4D#F$d$}3G$d7d#Y%#d[d#Y%#d?d$Y%#F#d#Y%_%}Hd+F#E'Y%#C'K%/E+d}K}I'}:d}K}I'j'cd&C+d}I}I'}:'}Hd#(C'K%}" +
    "=K%/.'}H%}HC'K%}=E&K%/D%C'K%}AE('}HC(d/}3(C&K%Kd/}3.K%#D,C%D&&cC&K%#E('}HC,C(K%Kj(d#.'cC&K%#d7}3D&/$..C&d#C&K%" +
    "#>E&'}Hd$(C%K%#.'}Hd#(C%K%+C%K%/q.'}H%}HC%K%+d$}=D*&cC*d#m'cC%C%K%'E(K%;Y%'C(K%?E)d$}:'cC(C)d}G}:Y%?(d$C(K%/E)" +
    "'}HC)K%/d}I}I/}:d}I}I'j(d$.'}Hd#(C)K%+d$j.'}HC(C(K%+d$}34##(d#.0&=.C*d$}4D*/$..d#.(d#.'c&cC%K%#E&'}HC,C&K%Kj(d" +
    "#.'cC%K%#d7}3D%/$..C%d#C%K%#>D&.d#C&h0#=C&C&K%#E%K%7Y%#C%C'Y%/C%C'K%}AY%CC'C%Y%}AC'C'K%/d}I}I'};Y%/d$.(d$.h0$=" +
    "d$C+d%}:h0$=.C'K%}AE%d&Y%?C'C%K%+4##D%d}I+C'K%}%}4d)}>E&'cd?d?K%#C&}4Y%#.C%.E%'cF#C%};2.(C*d%i'cF$d$}3G$F#d'Y%" +
    "}-F#d#Y%+(C*dClC*d~/#r};F&C$i};'}Hd#(%}HF$D0F$d$}3G$d#G'C*d'}:'}H3,d&}=d~g&}:E,Kc$#D.C,Kc$'(3,E.d&}=d~g&}:D,3," +
    ".D13-D/C*d+}:'}H3-(d#.D2C*d+}:'}H3,(d#.D43,D(d$C(F%F$}4nd$C(d~/~n&nF'>>'cC0G$d#/$.F$D%d}I}I'D&%cC(d~/#n'cd}I}I" +
    "'C%C(~k-#$/$.C(d}A}:d}I}I'}3D'&cC&C'j'cC&C%Lc$#Z##C&d+}3D&C%d+}3D%/$..C(d'}:'cC&C%Kc$#Y##C&d'}3D&C%d'}3D%.C(d%" +
    "}:'cC&C%Rc$#^##C&d%}3D&C%d%}3D%.C(d$}:'cC&C%Pc$#]##..%}HF#E%K%;E'C%K%?C'C(dJ}3d}A}:E+}3r0#=d#d~/0K%#E&d$C+dKmC" +
    "'>>h'c%}Hd$%}HC+d;}33.E&C%K%kE)h0#=C+d}iBk'}HC+d%}=d;}33.(C&.D'&cC&d(kC&C'k};'}HC)d$C&d)}3}=q(d#.'cC&d$}3D&/$." +
    ".C&.E)d)}3}=D3C)d#C)3/E&>'cd~/#d~/#K%#d$C)d)}3}=}3Y%#.d#C&h0#=C%K%;D-C&d3}3D'C&C)}vZ&#C&e#Z&+C-'cC%K%}5D)C-C'}" +
    "ueC}Oe~/#}MZ&#C)C&Y%'C)C-Y%+C-C%K%Ki'cC%C'Y%K.(C%C'}vC&}ueC}O}MZ&cC%C'Y%K.C%C&Y%}5C%C3C%K%k}3Y%kC%C'}vC&C3}3d+" +
    "}4}ueC}O}MZ&;C'./$.d~/0C&K%#Y%#C&e#Z&#C&e#Z&+C%C&d3}3E'}vC&}ueC}O}MZ&cC%e~/#Z&kC%C'Y%KC%C&Y%}5C%C'}vC&d[}3}ueC" +
    "}O}MZ&;C'.E''}HC*d&}:d$}3D*%}Hd#C%K%+d%j0#=C%K%CE&d%iC&h};'cd;K%#h'c3#.C%d#Y%+C%K%_h'cC%d$Y%_d7K%#'cd3K%#C%Y%_" +
    "(d/C%Y%#.d3C%Y%#d7d7K%#d$}3Y%#.d#/$.C%K%GD)C&d$i'}HC*d$iE&h'cC*d'iD&.C)C/iC&C&>(C/C2C*d$i>C)iC&d&i}:.E&'c%cd;K" +
    "%#h'c3#.C%d#Y%+C%K%_0#C%d$Y%_d7K%#'cd3K%#C%Y%_(d/C%Y%#.d3C%Y%#d7d7K%#d$}3Y%#..C&h.D)C'C+}3d+}4e#Z&#C'dC}3d}I}I" +
    "'C(~k-##C%K%OD&C'C*}vC/}ueC}O}MZ&#C'C.}vC1}ueC}O}MZ&+C'C2}vC4}ueC}O}MZ&3C'C(}vC&}ueC}O}MZ&;C%C&d$}3Y%OC%C(dJ}3" +
    "d}A}:C'}3E&Y%;C)'cC%C&Y%K.C%C%K%3d$}3}vC(C%K%7}3}ueC}O}MZ&3d$(d#.h'cC0G$d#/$.C,C.Yc$#C,C1Yc$'C(F$}3G$F&d$}3G&d" +
    "$..h'cd#2.../$..d#.}4$%}Hd#F$F%lF#K%}9>h'cC#3$2.F$Pc$#E$C#d}I$};i'cF$d$}3G$d$2.C$C#d~/#};j'cC#3$2.F$D$F$d$}3G$" +
    "d#G'3-D%F'h'cC%2.C$G$C#3$.>#F$F%l'}HF$Pc$#d,i(d#.'c3%..<#d#31E#d%i'cF#d(Y%}-.32C#.~A$$&}HC#d#k'cF#E%K%;'}HC%K%" +
    "/d}I~/#}:(d$.h'cd~/#3.3/E$'cC$d#d~/#~k.#C%K%}EC$Y%KC%C%K%/d}I~/#};Y%/..F#E%K%;'}HC%K%/d}I~/#}:(d#.'cd#D$C%K%}E" +
    "K%KD&&cC$d~/#k'}HC$C&}3K%#(d#.'cC$d+}3D$/$..C$d~/#i'}HC&C&d+}3d[~k-##d[(C$.C&}3C#}vC%W%;eC}O}MZ&#..32C#.+#d831" +
    "34.+#d63134./#d231D#32C#./#d331D#32C#.",
};
